/* Waits in each of the ways that there are, and says what it got and when.
 *
 * usage: time WAY   prints "RESULT ERRNO SECONDS LEFT", SECONDS since the
 * start and LEFT as the call wrote them, -1 where it writes nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long HOUR = 3600;
static int nobody[2];
static int fires;

static void on_signal(int signal) { fires++; }

static struct timespec now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time;
}

static void handle(int signal, int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

/* Sends this process a signal after so many seconds. */
static pid_t later(int signal, long seconds) {
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        struct timespec span = {seconds, 0};
        nanosleep(&span, NULL);
        kill(parent, signal);
        _exit(0);
    }
    return child;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *wakes(void *unused) {
    struct timespec span = {HOUR / 2, 0};
    nanosleep(&span, NULL);
    pthread_mutex_lock(&mutex);
    fires = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static volatile int woken;

static void *sleeps(void *seconds) {
    struct timespec span = {(long)seconds, 0};
    nanosleep(&span, NULL);
    woken = 1;
    return NULL;
}

static unsigned held;

/* A lock of priority inheritance is held by the thread whose number is in it. */
static void *holds(void *unused) {
    struct timespec span = {2 * HOUR, 0};
    __atomic_store_n(&held, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    nanosleep(&span, NULL);
    return NULL;
}

int main(int argc, char **argv) {
    const char *way = argv[1];
    struct timespec begin = now(CLOCK_MONOTONIC), hour = {HOUR, 0}, left = {-1, 0};
    struct timeval hours = {HOUR, 0};
    struct pollfd fd;
    long got = 0;
    char byte;
    pipe(nobody);
    fd.fd = nobody[0];
    fd.events = POLLIN;
    errno = 0;
#define WAY(name) else if (!strcmp(way, name))
    if (0) {}
    WAY("nanosleep") got = nanosleep(&hour, &left);
    WAY("nanosleep_call") got = syscall(SYS_nanosleep, &hour, &left); /* not the C library's */
    WAY("clock_nanosleep") got = clock_nanosleep(CLOCK_REALTIME, 0, &hour, &left);
    WAY("clock_nanosleep_absolute") {
        struct timespec until = now(CLOCK_REALTIME);
        until.tv_sec += HOUR;
        got = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
    }
    WAY("clock_nanosleep_past") {
        struct timespec until = begin;
        until.tv_sec -= 1;
        got = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    WAY("poll") got = poll(&fd, 1, HOUR * 1000);
    WAY("ppoll") got = syscall(SYS_ppoll, &fd, 1, &hour, NULL, 8), left = hour;
    WAY("select") {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(nobody[0], &set);
        got = syscall(SYS_select, nobody[0] + 1, &set, NULL, NULL, &hours);
        if (FD_ISSET(nobody[0], &set)) got += 100;
        left.tv_sec = hours.tv_sec;
    }
    WAY("pselect6") {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(nobody[0], &set);
        got = syscall(SYS_pselect6, nobody[0] + 1, &set, NULL, NULL, &hour, NULL);
        if (FD_ISSET(nobody[0], &set)) got += 100;
        left = hour;
    }
    WAY("epoll_wait") {
        struct epoll_event event;
        got = epoll_wait(epoll_create1(0), &event, 1, HOUR * 1000);
    }
    WAY("epoll_pwait") {
        struct epoll_event event;
        got = syscall(SYS_epoll_pwait, epoll_create1(0), &event, 1, HOUR * 1000, NULL, 8);
    }
    WAY("epoll_pwait2") {
        struct epoll_event event;
        got = syscall(SYS_epoll_pwait2, epoll_create1(0), &event, 1, &hour, NULL, 8);
    }
    WAY("rt_sigtimedwait") {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        got = sigtimedwait(&set, NULL, &hour);
    }
    WAY("rt_sigtimedwait_gets") {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        later(SIGUSR1, HOUR / 2);
        got = sigtimedwait(&set, NULL, &hour);
    }
    WAY("futex") {
        int word = 0;
        got = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &hour, NULL, 0);
    }
    WAY("futex_absolute") {
        int word = 0;
        struct timespec until = begin;
        until.tv_sec += HOUR;
        got = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, -1);
    }
    WAY("futex_realtime") {
        sem_t semaphore;
        struct timespec until = now(CLOCK_REALTIME);
        until.tv_sec += HOUR;
        sem_init(&semaphore, 0, 0);
        got = sem_timedwait(&semaphore, &until);
    }
    WAY("futex_lock_pi") { /* held by a thread that sleeps for longer */
        pthread_t thread;
        struct timespec until = now(CLOCK_REALTIME);
        until.tv_sec += HOUR;
        pthread_create(&thread, NULL, holds, NULL);
        while (!held) sched_yield();
        got = syscall(SYS_futex, &held, FUTEX_LOCK_PI_PRIVATE, 0, &until, NULL, 0);
    }
    WAY("futex_lock_pi2") {
        pthread_t thread;
        struct timespec until = begin;
        until.tv_sec += HOUR;
        pthread_create(&thread, NULL, holds, NULL);
        while (!held) sched_yield();
        got = syscall(SYS_futex, &held, 13 | FUTEX_PRIVATE_FLAG, 0, &until, NULL, 0);
    }
    WAY("futex_waitv") {
        int word = 0;
        struct { uint64_t value, address; uint32_t flags, reserved; } one = {
            0, (uintptr_t)&word, 2 | 128, 0};
        struct timespec until = begin;
        until.tv_sec += HOUR;
        got = syscall(449, &one, 1, 0, &until, CLOCK_MONOTONIC);
    }
    WAY("alarm") {
        handle(SIGALRM, 0);
        got = alarm(HOUR);
        pause();
        errno = 0;
        got += fires;
    }
    WAY("alarm_left") {
        struct timespec half = {HOUR / 2, 0};
        alarm(HOUR);
        nanosleep(&half, NULL);
        got = alarm(0);
        nanosleep(&hour, NULL);
    }
    WAY("setitimer") {
        struct itimerval timer = {{HOUR, 0}, {HOUR, 0}}, shown;
        handle(SIGALRM, 0);
        setitimer(ITIMER_REAL, &timer, NULL);
        while (fires < 3) pause();
        errno = 0;
        got = fires;
        getitimer(ITIMER_REAL, &shown);
        left.tv_sec = shown.it_interval.tv_sec;
    }
    WAY("ready") { /* a process that sleeps, and one that waits for it */
        if (fork() == 0) {
            struct timespec half = {HOUR / 2, 0};
            nanosleep(&half, NULL);
            write(nobody[1], "x", 1);
            _exit(0);
        }
        got = syscall(SYS_ppoll, &fd, 1, &hour, NULL, 8), left = hour;
    }
    WAY("read") {
        if (fork() == 0) {
            nanosleep(&hour, NULL);
            write(nobody[1], "x", 1);
            _exit(0);
        }
        got = read(nobody[0], &byte, 1);
    }
    WAY("wait") {
        if (fork() == 0) {
            nanosleep(&hour, NULL);
            _exit(0);
        }
        got = wait(NULL) > 0;
    }
    WAY("thread") {
        pthread_t thread;
        struct timespec until = now(CLOCK_REALTIME);
        until.tv_sec += HOUR;
        pthread_create(&thread, NULL, wakes, NULL);
        pthread_mutex_lock(&mutex);
        while (!fires && !got) got = pthread_cond_timedwait(&condition, &mutex, &until);
        pthread_mutex_unlock(&mutex);
        pthread_join(thread, NULL);
        errno = 0;
    }
    WAY("handled") { /* EINTR, and what is left */
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        got = nanosleep(&hour, &left);
    }
    WAY("handled_nanosleep_call") {
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        got = syscall(SYS_nanosleep, &hour, &left);
    }
    WAY("handled_ppoll") {
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        got = syscall(SYS_ppoll, &fd, 1, &hour, NULL, 8), left = hour;
    }
    WAY("handled_select") {
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        got = syscall(SYS_select, 0, NULL, NULL, NULL, &hours);
        left.tv_sec = hours.tv_sec;
    }
    WAY("handled_pselect6") {
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        got = syscall(SYS_pselect6, 0, NULL, NULL, NULL, &hour, NULL), left = hour;
    }
    WAY("handled_restart") { /* SA_RESTART is not for sleeps */
        handle(SIGUSR1, SA_RESTART);
        later(SIGUSR1, HOUR / 2);
        got = nanosleep(&hour, &left);
    }
    WAY("handled_loop") { /* the usual loop: the same call again */
        handle(SIGUSR1, 0);
        later(SIGUSR1, HOUR / 2);
        while ((got = nanosleep(&hour, &hour)) && errno == EINTR) errno = 0;
        left = hour;
        left.tv_sec = fires;
    }
    WAY("handled_poll") {
        handle(SIGUSR1, SA_RESTART);
        later(SIGUSR1, HOUR / 2);
        got = poll(&fd, 1, HOUR * 1000);
    }
    WAY("handled_futex") {
        int word = 0;
        handle(SIGUSR1, SA_RESTART);
        later(SIGUSR1, HOUR / 2);
        got = syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &hour, NULL, 0);
    }
    WAY("ignored") { /* sleeps on, and to the same end */
        later(SIGWINCH, HOUR / 2);
        got = nanosleep(&hour, &left);
    }
    WAY("stopped") { /* job control in the middle of a sleep */
        if (fork() == 0) {
            struct timespec some = {HOUR / 4, 0};
            nanosleep(&some, NULL);
            kill(getppid(), SIGSTOP);
            nanosleep(&some, NULL);
            kill(getppid(), SIGCONT);
            _exit(0);
        }
        got = nanosleep(&hour, &left);
    }
    WAY("stopped_long") { /* continued when the sleep is over already */
        if (fork() == 0) {
            struct timespec some = {HOUR / 4, 0};
            nanosleep(&some, NULL);
            kill(getppid(), SIGSTOP);
            nanosleep(&hour, NULL);
            kill(getppid(), SIGCONT);
            _exit(0);
        }
        got = nanosleep(&hour, &left);
    }
    WAY("spin")
        while (now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec < 10) got = 1;
    WAY("spin_time") {
        time_t first = time(NULL);
        while (time(NULL) - first < 10) got = 1;
        got = labs(now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec - 10) <= 1;
        begin = now(CLOCK_MONOTONIC);
    }
    WAY("spin_other") { /* one spins on the clock until another has slept */
        pthread_t thread;
        pthread_create(&thread, NULL, sleeps, (void *)5);
        while (!woken) now(CLOCK_MONOTONIC);
        got = now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec >= 5;
        begin = now(CLOCK_MONOTONIC);
    }
    WAY("spin_memory") { /* the same, without a look at the clock */
        pthread_t thread;
        pthread_create(&thread, NULL, sleeps, (void *)1);
        while (!woken) {}
        got = now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec >= 1;
        begin = now(CLOCK_MONOTONIC);
    }
    WAY("poll_loop") { /* it never waits, and yet time passes */
        while (poll(&fd, 1, 0) == 0 && now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec < 5) got = 1;
    }
    WAY("past") { /* past here, though not yet for the machine */
        struct timespec until = begin;
        until.tv_sec += HOUR / 2;
        nanosleep(&hour, NULL);
        got = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    WAY("past_futex") {
        int word = 0;
        struct timespec until = begin;
        until.tv_sec += HOUR / 2;
        nanosleep(&hour, NULL);
        got = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, -1);
    }
    WAY("past_futex_changed") { /* what the word says comes before what time says */
        int word = 1;
        struct timespec until = begin;
        until.tv_sec += HOUR / 2;
        nanosleep(&hour, NULL);
        got = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &until, NULL, -1);
    }
    WAY("ticker") { /* 10 ms, 600 seconds long */
        struct timespec tick = {0, 10 * 1000 * 1000};
        for (; got < 60000; got++) {
            nanosleep(&tick, NULL);
            if (now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec >= 600) break;
        }
        got = got > 0;
    }
    WAY("clocks") { /* all of them move together */
        struct timeval of_day;
        struct timespec real = now(CLOCK_REALTIME), boot = now(CLOCK_BOOTTIME);
        nanosleep(&hour, NULL);
        gettimeofday(&of_day, NULL);
        got = (of_day.tv_sec - real.tv_sec) / HOUR;
        got += (now(CLOCK_BOOTTIME).tv_sec - boot.tv_sec) / HOUR;
        got += (time(NULL) - real.tv_sec) / HOUR;
        left.tv_sec = now(CLOCK_PROCESS_CPUTIME_ID).tv_sec;
    }
    WAY("bad_time") {
        struct timespec bad = {1, 2000000000};
        got = nanosleep(&bad, NULL);
    }
    WAY("bad_address") got = syscall(SYS_clock_gettime, CLOCK_MONOTONIC, 8);
    WAY("exec") { /* the program after an exec is in the same time */
        execl(argv[0], argv[0], "nanosleep", NULL);
    }
    else return 2;
    int error = got < 0 ? errno : 0;
    printf("%ld %d %ld %ld\n", got, error, now(CLOCK_MONOTONIC).tv_sec - begin.tv_sec,
           (long)left.tv_sec);
    return 0;
}
