#include "common.h"
// Both write to the log, each from where it thinks that the end is.
int main(void) {
#ifdef FIXED
  int flags = O_APPEND;
#else
  int flags = 0;
#endif
  int line[2];
  char byte;
  pipe(line);
  int log = open("/run/d.log", O_WRONLY | O_CREAT | flags, 0644);
  if (fork() == 0) {
    setsid();
    put("/run/d.log", flags, "daemon\n");
    write(line[1], "r", 1);
    serve();
  }
  write(log, "launcher\n", 9);
  read(line[0], &byte, 1);
  return 0;
}
