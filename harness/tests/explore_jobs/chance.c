#include "../explore_races/programs/common.h"
// The real time decides how often a call is made, and whether the end is a good one: now and then it
// is not, whatever the order.
int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  unsigned drawn = now.tv_nsec / 10;
  if (fork() == 0) {
    for (int at = 0; at < 2; at++) put("/run/note", O_TRUNC, "child");
    _exit(0);
  }
  for (unsigned rounds = 1 + drawn % 4; rounds > 0; rounds--) put("/run/note", O_TRUNC, "parent");
  wait(NULL);
  return drawn / 4 % 4 == 0;
}
