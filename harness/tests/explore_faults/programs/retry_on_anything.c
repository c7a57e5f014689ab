#include "../../explore_races/programs/common.h"
// The launcher may not be signalled yet (EPERM), so the daemon tries again.
// But if the launcher is gone (ESRCH), it will never be.
static void on_child(int signal) { (void)signal; ready = 1; }
int main(void) {
  pid_t launcher = getpid();
  sigset_t block = only(SIGUSR1), old;
  handle(SIGUSR1, on_ready);
  handle(SIGCHLD, on_child);
  sigaddset(&block, SIGCHLD);
  sigprocmask(SIG_BLOCK, &block, &old);
  pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    setsid();
#ifdef FIXED
    for (int tries = 0; kill(launcher, SIGUSR1) != 0; tries++) {
      if (errno != EPERM || tries == 3) _exit(1);
      usleep(1000);
    }
#else
    while (kill(launcher, SIGUSR1) != 0) usleep(1000);
#endif
    _exit(0);
  }
  while (!ready) sigsuspend(&old);
  return 0;
}
