#include "common.h"
#include <time.h>
// The launcher asks a helper that ticks, and handles the signal only once that has answered. The
// daemon is there before it only if the answer need not wait until everybody else does.
static int answer[2];
static void asked(int signal) { (void)signal; if (write(answer[1], "", 1) != 1) _exit(71); }
int main(void) {
  pid_t launcher = getpid();
  int up[2];
  char byte = 0;
  if (pipe(up) || pipe(answer)) return 71;
  pid_t helper = fork();
  if (helper == 0) {
    handle(SIGTERM, asked);
    if (write(up[1], &byte, 1) != 1) return 71;
    for (;;) nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
  }
  if (read(up[0], &byte, 1) != 1) return 71;
#ifdef FIXED
  handle(SIGUSR1, on_ready);
#endif
  if (fork() == 0) {
    setsid();
    compute(10);
    if (access("/run/open", F_OK) == 0) kill(launcher, SIGUSR1);
    serve();
  }
  kill(helper, SIGTERM);
  if (read(answer[0], &byte, 1) != 1) return 71;
  put("/run/open", O_TRUNC, own_pid());
#ifndef FIXED
  handle(SIGUSR1, on_ready);
#endif
  return 0;
}
