/* A small daemon: it detaches, writes its PID file, tells its launcher that it
   is ready, and ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *file = argc > 1 ? argv[1] : "/tmp/start.pid";
    pid_t launcher = getpid();
    sigset_t ready;
    sigemptyset(&ready);
    sigaddset(&ready, SIGUSR1);
    sigprocmask(SIG_BLOCK, &ready, NULL);
    if (fork() > 0) {
        wait(NULL);
        sigwaitinfo(&ready, NULL);
        return 0;
    }
    setsid();
    if (fork() > 0) _exit(0);
    umask(027);
    chdir("/");
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new", file);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    dprintf(fd, "%d\n", getpid());
    close(fd);
    rename(temporary, file);
    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0);
    kill(launcher, SIGUSR1);
    return 0;
}
