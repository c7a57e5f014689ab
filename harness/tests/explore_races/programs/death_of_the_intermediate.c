#include "common.h"
// The launcher takes the end of the intermediate for the end of the daemon, if
// it hears of it first.
int main(void) {
  pid_t launcher = getpid();
  sigset_t both = only(SIGUSR1);
  int first;
  share();
  sigaddset(&both, SIGCHLD);
  sigprocmask(SIG_BLOCK, &both, NULL);
  if (fork() == 0) {
    setsid();
    if (fork() != 0) {
      until_nearly_there();
      _exit(0);
    }
    put("/run/d.pid", O_TRUNC, own_pid());
    nearly_there();
    kill(launcher, SIGUSR1);
    serve();
  }
  do {
    first = sigwaitinfo(&both, NULL);
#ifdef FIXED
    int status;
    if (first == SIGCHLD && waitpid(-1, &status, WNOHANG) > 0 && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0)
      continue;
#endif
    return first == SIGUSR1 ? 0 : 1;
  } while (1);
}
