#include "common.h"
// The launcher ends before the daemon listens.
static int listener(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) _exit(72);
  nearly_there();
  if (listen(fd, 5) != 0) _exit(73);
  return fd;
}
int main(void) {
  share();
#ifdef FIXED
  listener();
#endif
  if (fork() == 0) {
    setsid();
#ifndef FIXED
    listener();
#endif
    serve();
  }
  until_nearly_there();
  return 0;
}
