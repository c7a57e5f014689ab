#include "common.h"
// Two children may end while one SIGCHLD is pending: one of them is never
// reaped, and the launcher waits for it.
static volatile sig_atomic_t reaped;
static void on_child(int signal) {
  (void)signal;
#ifdef FIXED
  while (waitpid(-1, NULL, WNOHANG) > 0) reaped++;
#else
  if (waitpid(-1, NULL, WNOHANG) > 0) reaped++;
#endif
}
int main(void) {
  sigset_t block = only(SIGCHLD), old;
  handle(SIGCHLD, on_child);
  sigprocmask(SIG_BLOCK, &block, &old);
  share();
  for (int child = 0; child < 2; child++)
    if (fork() == 0) {
      if (child == 0) nearly_there();
      else until_nearly_there(), work(), work(), work();
      _exit(0);
    }
  while (reaped < 2) sigsuspend(&old);
  return 0;
}
