#include "../../explore_races/programs/common.h"
// fork(2) gives -1 if it fails, and kill(2) takes -1 for everybody.
int main(void) {
  sigset_t set = only(SIGTERM);
  pid_t child = fork();
#ifdef FIXED
  if (child < 0) return 71;
#endif
  if (child == 0) {
    setsid();
    sigprocmask(SIG_BLOCK, &set, NULL);
    int number;
    sigwait(&set, &number);
    _exit(0);
  }
  // The start was only a trial.
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
  return 0;
}
