#include "common.h"
// The launcher hangs its process group up as it ends, before the daemon has
// left it. That has something to do first: as a rule the launcher is gone by then.
int main(void) {
  int line[2];
  char byte;
  pipe(line);
  setpgid(0, 0);
  signal(SIGHUP, SIG_IGN);
  if (fork() == 0) {
    compute(10);
    signal(SIGHUP, SIG_DFL);
    setsid();
    write(line[1], "r", 1);
    put("/run/d.pid", O_TRUNC, own_pid());
    serve();
  }
#ifdef FIXED
  read(line[0], &byte, 1);
#endif
  (void)byte;
  kill(0, SIGHUP);
  return 0;
}
