#include "common.h"
// What an earlier run has left is cleared away after the daemon was started, which
// takes its time.
int main(void) {
  int line[2];
  char byte;
  pipe(line);
#ifdef FIXED
  unlink("/run/d.pid");
#endif
  if (fork() == 0) {
    setsid();
    compute(10);
    put("/run/d.pid", O_TRUNC, own_pid());
    write(line[1], "r", 1);
    serve();
  }
#ifndef FIXED
  unlink("/run/d.pid");
#endif
  read(line[0], &byte, 1);
  return 0;
}
