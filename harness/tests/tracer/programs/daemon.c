/* The two forks of daemon(7), a PID file by rename, and a signal to the
   launcher, which waits for it. */
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    getpwnam("root"); /* the name service's noise */
    pid_t launcher = getpid();
    pid_t child = fork();
    if (child < 0) return 1;
    if (child > 0) {
        int status, signal;
        waitpid(child, &status, 0);
        sigwait(&set, &signal);
        return 0;
    }
    setsid();
    if (fork() != 0) _exit(0);
    umask(027);
    chdir("/");
    int fd = open("/run/.lab.pid", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    char text[32];
    snprintf(text, sizeof text, "%d\n", getpid());
    write(fd, text, strlen(text));
    rename("/run/.lab.pid", "/run/lab.pid");
    kill(launcher, SIGUSR1);
    close(fd);
    return 7;
}
