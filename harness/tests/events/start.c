/* A start, right or wrong in one way: start [MISTAKE]. What it leaves behind is
 * the same whatever the mistake. */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *mistake = "none";
static int is(const char *name) { return strcmp(mistake, name) == 0; }

static void pid_file(void) {
    const char *under = is("partial") ? "/run/d.pid" : "/run/.d.pid";
    char text[32];
    int length = snprintf(text, sizeof text, "%d\n", getpid());
    int fd = open(under, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    write(fd, text, length - 1);
    write(fd, text + length - 1, 1);
    close(fd);
    if (!is("partial")) rename(under, "/run/d.pid");
}

static void log_line(void) {
    /* /run/log is a link to /run/log.1. */
    int fd = open(is("through-link") ? "/run/log" : "/run/log.1", O_WRONLY | O_APPEND);
    write(fd, "started\n", 8);
    close(fd);
}

static void drop(void) {
    gid_t group = 1000;
    if (is("gid-first")) setresgid(group, group, group);
    setgroups(1, &group);
    if (!is("gid-first")) setresgid(group, group, group);
    setresuid(1000, 1000, 1000);
}

static void listening(int server) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/d.sock"};
    bind(server, (struct sockaddr *)&name, sizeof name);
    listen(server, 8);
}

static void signals(pid_t launcher) {
    if (is("stranger")) kill(1, SIGUSR1);
    kill(launcher, SIGUSR1);
    if (is("twice")) kill(launcher, SIGUSR1);
}

int main(int argc, char **argv) {
    if (argc > 1) mistake = argv[1];
    if (is("busy")) {
        /* More than is kept. */
        for (int n = 0; n < 12000; n++) umask(022);
        return 0;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t launcher = getpid();
    pid_t child = fork();
    if (child > 0) {
        int status, signal;
        waitpid(child, &status, 0);
        if (!is("early-exit")) sigwait(&set, &signal);
        return 0;
    }
    if (is("pid-file-first")) pid_file();
    setsid();
    if (fork() != 0) _exit(0);
    /* Root alone may write there; whoever exits early is gone by then. */
    while (is("early-exit") && kill(launcher, 0) == 0) usleep(1000);
    pid_file();
    log_line();
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (is("signal-first")) kill(launcher, SIGUSR1);
    listening(server);
    if (!is("signal-first")) signals(launcher);
    drop();
    alarm(60);
    pause();
    return 0;
}
