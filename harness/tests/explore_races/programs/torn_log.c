#include "common.h"
// Both write to the log, each from where it has found the end to be.
static void log_line(const char *line) {
#ifdef FIXED
  int fd = open("/run/d.log", O_WRONLY | O_CREAT | O_APPEND, 0644);
#else
  int fd = open("/run/d.log", O_WRONLY | O_CREAT, 0644);
#endif
  lseek(fd, 0, SEEK_END);
  write(fd, line, strlen(line));
  close(fd);
}
int main(void) {
  int line[2];
  char byte;
  pipe(line);
  if (fork() == 0) {
    setsid();
    work();
    log_line("daemon\n");
    write(line[1], "r", 1);
    serve();
  }
  log_line("launcher\n");
  read(line[0], &byte, 1);
  return 0;
}
