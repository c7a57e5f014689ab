// What the programs share: a small daemon's start with one mistake in it, or,
// with -DFIXED, without.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ready;
static void on_ready(int signal) { (void)signal; ready = 1; }

static void handle(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(number, &action, NULL);
}

// Does something that nobody sees, for about so long.
static void compute(int milliseconds) {
  struct timespec began, now;
  clock_gettime(CLOCK_MONOTONIC, &began);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000 < milliseconds);
}

static sigset_t only(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  return set;
}

static void put(const char *path, int flags, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) _exit(71);
  close(fd);
}

static const char *own_pid(void) {
  static char text[16];
  snprintf(text, sizeof text, "%d\n", getpid());
  return text;
}

// Some work that nobody sees, of ten milliseconds or so, which lets others have
// the processor now and then.
static void work(void) {
  for (int part = 0; part < 40; part++) {
    for (volatile long i = 0; i < 200000; i++) {}
    sched_yield();
  }
}

// How a race is made rare: one process waits, in memory that both share, until
// the other is nearly there, and works on for a while. It is too early then
// once in thousands of starts, and still in some order of the visible calls.
static int *near;
static void share(void) {
  near = mmap(NULL, sizeof *near, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}
static void nearly_there(void) {
  __atomic_store_n(near, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, near, FUTEX_WAKE, 9, NULL, NULL, 0);
}
static void until_nearly_there(void) {
  while (!__atomic_load_n(near, __ATOMIC_SEQ_CST))
    syscall(SYS_futex, near, FUTEX_WAIT, 0, NULL, NULL, 0);
  work();
}

static void serve(void) { for (;;) pause(); }
