#include "common.h"
// The launcher looks for the PID file in a busy wait, and reads it at once:
// the file may be there and empty.
int main(void) {
  char text[16] = "";
  if (fork() == 0) {
    setsid();
#ifdef FIXED
    put("/run/d.new", O_TRUNC, own_pid());
    rename("/run/d.new", "/run/d.pid");
#else
    put("/run/d.pid", O_TRUNC, own_pid());
#endif
    serve();
  }
  while (access("/run/d.pid", F_OK)) {}
  int fd = open("/run/d.pid", O_RDONLY);
  if (read(fd, text, sizeof text - 1) < 1) return 9;
  return 0;
}
