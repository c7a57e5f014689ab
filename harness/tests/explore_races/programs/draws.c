// What two processes draw, each in every way that there is, and where their
// stacks and their libraries lie.
#include "common.h"
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/random.h>

static void draw(void) {
    unsigned char given[4] = {0}, big[5000] = {0}, device[4] = {0};
    unsigned short sum = 0;
    getrandom(given, sizeof given, GRND_NONBLOCK);
    getrandom(big, sizeof big, 0);
    for (unsigned at = 0; at < sizeof big; at++) sum = sum * 31 + big[at];
    int fd = open("/dev/urandom", O_RDONLY);
    read(fd, device, sizeof device);
    close(fd);
    unsigned *start = (unsigned *)getauxval(AT_RANDOM);
    struct timespec now = {0};
#ifdef TIME
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    char text[200];
    int length = snprintf(text, sizeof text, "%x %x %x %x %p %p%.0ld\n", *(unsigned *)given, sum,
                          *(unsigned *)device, *start, (void *)given, (void *)getrandom,
                          now.tv_nsec);
    write(1, text, length);
}

int main(void) {
    // Flags that exclude each other: the kernel's answer.
    char none;
    if (getrandom(&none, 1, GRND_RANDOM | 4) != -1 || getrandom((void *)8, 1, 0) != -1) return 3;
    draw();
    if (fork() == 0) {
        draw();
        _exit(0);
    }
    wait(NULL);
    return 7;
}
