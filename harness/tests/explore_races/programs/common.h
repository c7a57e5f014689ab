// What the programs share: a small daemon's start with one mistake in it, or,
// with -DFIXED, without.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t ready;
static void on_ready(int signal) { (void)signal; ready = 1; }

static void handle(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(number, &action, NULL);
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

static void serve(void) { for (;;) pause(); }
