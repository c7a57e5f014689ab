#include "common.h"
// The launcher waits until there is a PID file, which may still be empty.
int main(void) {
  if (fork() == 0) {
    setsid();
#ifdef FIXED
    put("/run/d.pid.new", O_TRUNC, own_pid());
    rename("/run/d.pid.new", "/run/d.pid");
#else
    put("/run/d.pid", O_TRUNC, own_pid());
#endif
    serve();
  }
  while (access("/run/d.pid", F_OK) != 0) usleep(1000);
  return 0;
}
