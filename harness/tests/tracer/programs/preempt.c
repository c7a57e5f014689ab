/* As Go's runtime: many threads, which the first one interrupts by SIGURG all
   the time, while they make calls. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS 16
static atomic_int tids[THREADS], ended, interrupted;

static void handler(int signal) { atomic_fetch_add(&interrupted, 1); }

static void *work(void *slot) {
    atomic_store((atomic_int *)slot, (int)syscall(SYS_gettid));
    for (int i = 0; i < 50; i++) umask(022);
    atomic_store((atomic_int *)slot, 0);
    atomic_fetch_add(&ended, 1);
    return NULL;
}

int main(void) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGURG, &action, NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, &tids[i]);
    while (atomic_load(&ended) < THREADS)
        for (int i = 0; i < THREADS; i++)
            if (atomic_load(&tids[i])) syscall(SYS_tgkill, getpid(), atomic_load(&tids[i]), SIGURG);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    puts("over");
    return 0;
}
