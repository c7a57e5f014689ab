#include "common.h"
// Each of two processes writes files of its own: no order of those calls matters.
int main(void) {
  pid_t child = fork();
  put(child == 0 ? "/run/a/1" : "/run/b/1", O_TRUNC, "1\n");
  put(child == 0 ? "/run/a/2" : "/run/b/2", O_TRUNC, "1\n");
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  return 0;
}
