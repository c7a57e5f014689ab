#include "../../explore_races/programs/common.h"
// A file that is written over in place is lost if the disk is full.
int main(void) {
#ifdef FIXED
  const char *path = "/run/state.new";
#else
  const char *path = "/run/state";
#endif
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) return 73;
  if (write(fd, "second\n", 7) != 7) return 74;
  close(fd);
#ifdef FIXED
  if (rename(path, "/run/state")) return 74;
#endif
  return 0;
}
