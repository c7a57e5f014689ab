#include "common.h"
#include <time.h>
// The daemon is ready after a while. A launcher that is slower still does not handle the signal yet:
// time has to pass for one while the other could go on.
int main(void) {
  pid_t launcher = getpid();
  sigset_t block = only(SIGUSR1), old;
#ifdef FIXED
  handle(SIGUSR1, on_ready);
  sigprocmask(SIG_BLOCK, &block, &old);
#endif
  if (fork() == 0) {
    setsid();
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    kill(launcher, SIGUSR1);
    serve();
  }
#ifndef FIXED
  handle(SIGUSR1, on_ready);
  sigprocmask(SIG_BLOCK, &block, &old);
#endif
  while (!ready) sigsuspend(&old);
  return 0;
}
