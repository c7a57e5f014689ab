// The daemon is looked for just when it should be there: which of the two is first
// at that moment is chance.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef FIXED
#define PATIENCE 51
#else
#define PATIENCE 50
#endif

int main(void) {
  if (fork() == 0) {
    poll(NULL, 0, PATIENCE * 1000);
    _exit(access("/run/d.ready", F_OK) == 0 ? 0 : 1);
  }
  struct timespec start = {.tv_sec = 50};
  nanosleep(&start, NULL);
  close(open("/run/d.ready", O_WRONLY | O_CREAT, 0644));
  int status;
  return wait(&status) > 0 && status == 0 ? 0 : 1;
}
