#include "../../explore_races/programs/common.h"
// setuid(2) can fail, with EAGAIN for one: who does not look stays root.
int main(void) {
  pid_t child = fork();
  if (child < 0) return 71;
  if (child == 0) {
    char text[32];
    setsid();
#ifdef FIXED
    if (setgid(1000) || setuid(1000)) _exit(77);
#else
    setgid(1000);
    setuid(1000);
#endif
    snprintf(text, sizeof text, "serves as user %d\n", geteuid());
    put("/run/d.log", O_APPEND, text);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  return 0;
}
