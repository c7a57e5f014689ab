/* Waits ten minutes for its daemon, and leaves it alone if it is late. */
#include "common.h"
#include <time.h>

int main(void) {
    sigset_t awaited = only(SIGUSR1);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    pid_t launcher = getpid();
    if (fork() == 0) {
        setsid();
        if (fork() > 0) _exit(0);
        put("/run/d.pid", O_TRUNC, "ready\n");
        kill(launcher, SIGUSR1);
        pause();
    }
    struct timespec ten_minutes = {600, 0};
    return sigtimedwait(&awaited, NULL, &ten_minutes) == SIGUSR1 ? 0 : 75;
}
