#include "common.h"
#include <sys/stat.h>
// As `late_handler`, in a launcher that is another each time: the real time decides how often it
// makes a call. It is often enough for what is found after a few of them to be there each time.
int main(void) {
  pid_t launcher = getpid();
  sigset_t block = only(SIGUSR1), old;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  unsigned rounds = now.tv_nsec / 10;
#ifdef FIXED
  handle(SIGUSR1, on_ready);
  sigprocmask(SIG_BLOCK, &block, &old);
#endif
  if (fork() == 0) {
    setsid();
    compute(10);
    kill(launcher, SIGUSR1);
    serve();
  }
  for (rounds = 16 + rounds % 16; rounds > 0; rounds--) umask(rounds);
#ifndef FIXED
  handle(SIGUSR1, on_ready);
  sigprocmask(SIG_BLOCK, &block, &old);
#endif
  while (!ready) sigsuspend(&old);
  return 0;
}
