// The launcher gives its daemon just as long as that takes: which of the two is
// first at that moment is chance.
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#ifdef FIXED
#define PATIENCE 51
#else
#define PATIENCE 50
#endif

int main(void) {
  if (fork() == 0) {
    setsid();
    poll(NULL, 0, 50000);
    close(open("/run/d.ready", O_WRONLY | O_CREAT, 0644));
    pause();
  }
  struct timespec patience = {.tv_sec = PATIENCE};
  nanosleep(&patience, NULL);
  return access("/run/d.ready", F_OK) == 0 ? 0 : 1;
}
