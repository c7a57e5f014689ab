/* A thread that changes the umask, another that executes true(1). */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void *mask(void *unused) {
    umask(027);
    return NULL;
}

static void *becomes(void *unused) {
    execl("/bin/true", "true", NULL);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t thread;
    pthread_create(&thread, NULL, mask, NULL);
    pthread_join(thread, NULL);
    if (argc == 1) return 3;
    pthread_create(&thread, NULL, becomes, NULL);
    pause();
    return 1;
}
