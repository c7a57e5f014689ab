#include "common.h"
// The helper asks to die with its parent, which may be dead by then.
int main(void) {
  pid_t parent = getpid();
  int line[2];
  char byte;
  share();
  pipe(line);
  if (fork() == 0) {
    setsid();
    nearly_there();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#ifdef FIXED
    if (getppid() != parent) _exit(0);
#endif
    write(line[1], "r", 1);
    serve();
  }
  close(line[1]);
  (void)parent, (void)byte;
  until_nearly_there(), work(), work(), work();
  return 0;
}
