/* Many at once, in the manners of daemons and of runtimes: by the first argument. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Fork, session, fork: whoever stays writes a byte and ends. */
static void daemonize(int to) {
    pid_t between = fork();
    if (between == 0) {
        setsid();
        if (fork() != 0) _exit(0);
        write(to, "d", 1);
        _exit(0);
    }
    waitpid(between, NULL, 0);
}

static int daemons(int count) {
    int ends[2];
    char byte;
    if (pipe(ends)) return 1;
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            daemonize(ends[1]);
            _exit(0);
        }
    close(ends[1]);
    int seen = 0;
    while (read(ends[0], &byte, 1) == 1) seen++;
    while (wait(NULL) > 0) continue;
    return seen;
}

static void *brief(void *unused) {
    umask(022);
    return NULL;
}

static void *last(void *unused) {
    /* The first thread is a zombie by then, or soon. */
    usleep(20000);
    umask(077);
    _exit(9);
}

static void *busy(void *unused) {
    for (;;) umask(022);
}

/* Threads as Go's runtime makes them: by clone(2), with a stack and no more. */
#define RAW 8
#define STACK (64 * 1024)
static atomic_int raw_tids[RAW], raw_ended, preempted;

static void preempt(int signal) { atomic_fetch_add(&preempted, 1); }

static int raw(void *slot) {
    atomic_store((atomic_int *)slot, (int)syscall(SYS_gettid));
    for (int i = 0; i < 100; i++) syscall(SYS_umask, 022);
    atomic_store((atomic_int *)slot, 0);
    atomic_fetch_add(&raw_ended, 1);
    syscall(SYS_exit, 0);
    return 0;
}

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    if (!strcmp(way, "daemons")) {
        printf("%d\n", daemons(40));
    } else if (!strcmp(way, "for-ever")) {
        for (;;) daemons(5);
    } else if (!strcmp(way, "brief-threads")) {
        for (int i = 0; i < 200; i++) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, brief, NULL)) return 1;
            if (i % 2) pthread_join(thread, NULL);
            else pthread_detach(thread);
        }
        return 7;
    } else if (!strcmp(way, "leader-leaves")) {
        pthread_t thread;
        pthread_create(&thread, NULL, last, NULL);
        pthread_exit(NULL);
    } else if (!strcmp(way, "exec-among-threads")) {
        pthread_t thread;
        for (int i = 0; i < 8; i++) pthread_create(&thread, NULL, busy, NULL);
        execl("/bin/true", "true", NULL);
    } else if (!strcmp(way, "crash-among-threads")) {
        pthread_t thread;
        struct rlimit all;
        chdir("/tmp");
        getrlimit(RLIMIT_CORE, &all);
        all.rlim_cur = all.rlim_max;
        setrlimit(RLIMIT_CORE, &all);
        for (int i = 0; i < 8; i++) pthread_create(&thread, NULL, busy, NULL);
        *(volatile int *)8 = 1;
    } else if (!strcmp(way, "raw-threads")) {
        static char stacks[RAW][STACK] __attribute__((aligned(16)));
        struct sigaction action = {.sa_handler = preempt, .sa_flags = SA_RESTART};
        sigaction(SIGURG, &action, NULL);
        int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_THREAD;
        for (int i = 0; i < RAW; i++)
            if (clone(raw, stacks[i] + STACK, flags, &raw_tids[i]) < 0) return 1;
        while (atomic_load(&raw_ended) < RAW)
            for (int i = 0; i < RAW; i++)
                if (atomic_load(&raw_tids[i]))
                    syscall(SYS_tgkill, getpid(), atomic_load(&raw_tids[i]), SIGURG);
        puts("over");
    } else if (!strcmp(way, "stop-and-go")) {
        /* A shell's job: it stops itself, its parent sees it and has it go on. */
        int status, stops = 0;
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 10; i++) raise(SIGSTOP);
            _exit(3);
        }
        while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
            stops++;
            kill(child, SIGCONT);
        }
        printf("%d %d\n", stops, WEXITSTATUS(status));
    } else if (!strcmp(way, "vfork-exec")) {
        for (int i = 0; i < 50; i++) {
            pid_t child = vfork();
            if (child == 0) {
                execl("/bin/true", "true", NULL);
                _exit(1);
            }
            int status;
            if (waitpid(child, &status, 0) != child || status) return 1;
        }
        return 0;
    }
    return 0;
}
