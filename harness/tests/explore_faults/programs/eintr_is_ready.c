#include "../../explore_races/programs/common.h"
// The daemon says on a pipe that it is ready. An interrupted read says nothing.
static void on_hangup(int signal) { (void)signal; }
int main(void) {
  int ends[2];
  char said;
  ssize_t got;
  handle(SIGHUP, on_hangup);
  if (pipe(ends)) return 71;
  pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    close(ends[0]);
    setsid();
    put("/run/d.log", O_APPEND, "listens\n");
    if (write(ends[1], "!", 1) != 1) _exit(1);
    _exit(0);
  }
  close(ends[1]);
#ifdef FIXED
  do got = read(ends[0], &said, 1); while (got < 0 && errno == EINTR);
  if (got != 1) return 75;
#else
  got = read(ends[0], &said, 1);
  if (got == 0 || (got < 0 && errno != EINTR)) return 75;
#endif
  put("/run/d.log", O_APPEND, "ready\n");
  return 0;
}
