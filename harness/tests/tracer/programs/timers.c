/* Arms timers of each kind, and says what it got and when.
 *
 * usage: timers WAY   prints "RESULT ERRNO SECONDS LEFT", SECONDS since the
 * start and LEFT as the timer tells, -1 where nobody asks it. */
#define _GNU_SOURCE
#include <errno.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const long HOUR = 3600, MINUTE = 60, VALUE = 77;
static volatile int fires, meant;
static sem_t semaphore;

static struct timespec now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time;
}

static long millis_since(struct timespec begin) {
    struct timespec end = now(CLOCK_MONOTONIC);
    return ((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec) / 1000000;
}

static void pass(long seconds) {
    struct timespec span = {seconds, 0};
    nanosleep(&span, NULL);
}

static void on_signal(int signal, siginfo_t *info, void *unused) {
    fires++;
    meant += info->si_code == SI_TIMER && info->si_value.sival_int == VALUE;
}

static void on_thread(union sigval value) {
    fires = value.sival_int;
    sem_post(&semaphore);
}

static void handle(int signal) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static void block(int signal, sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, signal);
    sigprocmask(SIG_BLOCK, set, NULL);
}

/* An armed descriptor. */
static int armed(int flags, long value, long interval) {
    int fd = timerfd_create(CLOCK_MONOTONIC, flags);
    struct itimerspec timer = {{interval, 0}, {value, 0}};
    timerfd_settime(fd, 0, &timer, NULL);
    return fd;
}

static long count(int fd) {
    uint64_t times;
    return read(fd, &times, sizeof times) == sizeof times ? (long)times : -1;
}

static void *alone(void *first) {
    struct itimerspec timer = {{0, 0}, {HOUR, 0}};
    pthread_join(*(pthread_t *)first, NULL);
    long got = timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &timer, NULL);
    printf("%ld %d 0 -1\n", got, errno);
    exit(0);
}

static timer_t sends(int kind, int signal, long value, long interval) {
    timer_t timer;
    struct itimerspec spec = {{interval, 0}, {value, 0}};
    struct sigevent event = {.sigev_notify = kind, .sigev_signo = signal};
    event.sigev_value.sival_int = VALUE;
    if (kind == SIGEV_THREAD) event.sigev_notify_function = on_thread;
    if (kind == SIGEV_THREAD_ID) event._sigev_un._tid = gettid();
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &spec, NULL);
    return timer;
}

int main(int argc, char **argv) {
    const char *way = argv[1];
    struct timespec begin = now(CLOCK_MONOTONIC), hour = {HOUR, 0};
    struct itimerspec shown = {{0, 0}, {-1, 0}}, none = {{0, 0}, {0, 0}};
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t set;
    long got = 0;
    errno = 0;
#define WAY(name) else if (!strcmp(way, name))
    if (0) {}
    WAY("fd") got = count(armed(0, HOUR, 0));
    WAY("fd_dropped") { /* who was root, and may not be looked into any more */
        setuid(1);
        got = count(armed(0, HOUR, 0));
    }
    WAY("fd_orphan") { /* the first thread is gone */
        pthread_t first = pthread_self(), second;
        pthread_create(&second, NULL, alone, &first);
        pthread_exit(NULL);
    }
    WAY("fd_absolute") {
        struct pollfd fd = {timerfd_create(CLOCK_REALTIME, 0), POLLIN};
        struct itimerspec timer = {{0, 0}, now(CLOCK_REALTIME)};
        timer.it_value.tv_sec += HOUR;
        timerfd_settime(fd.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &timer, NULL);
        got = poll(&fd, 1, -1) == 1 ? count(fd.fd) : -1;
        timerfd_gettime(fd.fd, &shown);
    }
    WAY("fd_past") {
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        struct itimerspec timer = {{0, 0}, {1, 0}};
        timerfd_settime(fd, TFD_TIMER_ABSTIME, &timer, NULL);
        got = count(fd);
    }
    WAY("fd_ticker") { /* 10 ms, 600 seconds long */
        int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), set = epoll_create1(0);
        struct itimerspec timer = {{0, 10000000}, {0, 10000000}};
        epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
        timerfd_settime(fd, 0, &timer, NULL);
        while (got < 60000 && epoll_wait(set, &event, 1, -1) == 1) got += count(fd);
        got -= millis_since(begin) / 10;
    }
    WAY("fd_missed") {
        int fd = armed(0, MINUTE, MINUTE);
        pass(HOUR + MINUTE / 2);
        got = count(fd);
        timerfd_gettime(fd, &shown);
        got += 1000 * count(fd);
    }
    WAY("fd_inherited") { /* whoever has armed it has closed it */
        int fd = armed(TFD_CLOEXEC, HOUR, 0), status;
        if (fork() == 0) _exit(count(dup(fd)));
        close(fd);
        wait(&status);
        got = WEXITSTATUS(status);
    }
    WAY("fd_closed") { /* an epoll knows nothing of it any more */
        int fd = armed(0, HOUR / 2, 0), set = epoll_create1(0);
        epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
        close(fd);
        got = epoll_wait(set, &event, 1, HOUR * 1000);
    }
    WAY("fd_disarmed") {
        int fd = armed(TFD_NONBLOCK, HOUR, 0);
        pass(HOUR / 2);
        timerfd_settime(fd, 0, &none, &shown);
        pass(HOUR);
        got = count(fd);
    }
    WAY("fd_bad") {
        struct itimerspec bad = {{0, 0}, {1, 2000000000}};
        got = timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &bad, NULL);
    }
    WAY("no_fd") got = timerfd_settime(0, 0, &(struct itimerspec){{0, 0}, hour}, NULL);
    WAY("signal") {
        timer_t timer;
        handle(SIGALRM);
        timer = sends(SIGEV_SIGNAL, SIGALRM, HOUR, HOUR);
        while (fires < 3) pause();
        timer_gettime(timer, &shown);
        got = meant;
    }
    WAY("thread_id") {
        siginfo_t info;
        block(SIGRTMIN, &set);
        sends(SIGEV_THREAD_ID, SIGRTMIN, HOUR, 0);
        got = sigwaitinfo(&set, &info) == SIGRTMIN ? info.si_value.sival_int : -1;
    }
    WAY("thread") {
        sem_init(&semaphore, 0, 0);
        sends(SIGEV_THREAD, 0, HOUR, 0);
        sem_wait(&semaphore);
        got = fires;
    }
    WAY("overrun") {
        timer_t timer;
        block(SIGRTMIN, &set);
        timer = sends(SIGEV_SIGNAL, SIGRTMIN, MINUTE, MINUTE);
        pass(HOUR + MINUTE / 2);
        sigwaitinfo(&set, NULL);
        got = timer_getoverrun(timer);
        timer_gettime(timer, &shown);
        sigwaitinfo(&set, NULL);
        got += 1000 * timer_getoverrun(timer);
    }
    WAY("nobody") {
        timer_t timer = sends(SIGEV_NONE, 0, HOUR, 0);
        pass(HOUR / 2);
        timer_gettime(timer, &shown);
    }
    WAY("deleted") {
        handle(SIGALRM);
        timer_delete(sends(SIGEV_SIGNAL, SIGALRM, HOUR / 2, 0));
        got = nanosleep(&hour, NULL) + fires;
    }
    WAY("no_timer") got = syscall(SYS_timer_settime, 99, 0, &shown, NULL);
    WAY("semtimedop") {
        struct sembuf down = {0, -1, 0};
        got = semtimedop(semget(IPC_PRIVATE, 1, 0600), &down, 1, &hour);
    }
    WAY("mq_timedreceive") {
        struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
        long queue = syscall(SYS_mq_open, "timers", O_CREAT | O_RDWR, 0600, &attributes);
        struct timespec until = now(CLOCK_REALTIME);
        char message[8];
        until.tv_sec += HOUR;
        got = syscall(SYS_mq_timedreceive, queue, message, sizeof message, NULL, &until);
    }
    WAY("mq_timedsend") { /* to a queue that is full */
        struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
        long queue = syscall(SYS_mq_open, "timers", O_CREAT | O_RDWR, 0600, &attributes);
        struct timespec until = now(CLOCK_REALTIME);
        until.tv_sec += HOUR;
        syscall(SYS_mq_timedsend, queue, "a", 1, 0, NULL);
        got = syscall(SYS_mq_timedsend, queue, "b", 1, 0, &until);
    }
    WAY("io_getevents") {
        unsigned long context = 0;
        char event[32];
        syscall(SYS_io_setup, 1, &context);
        got = syscall(SYS_io_getevents, context, 1, 1, event, &hour);
    }
    WAY("io_pgetevents") {
        unsigned long context = 0;
        char event[32];
        syscall(SYS_io_setup, 1, &context);
        got = syscall(SYS_io_pgetevents, context, 1, 1, event, &hour, NULL);
    }
    WAY("io_uring_setup") got = syscall(SYS_io_uring_setup, 1, NULL);
    WAY("recvmmsg") got = syscall(SYS_recvmmsg, 0, NULL, 0, 0, &hour);
    else return 2;
    int error = got < 0 ? errno : 0;
    printf("%ld %d %ld %ld\n", got, error, millis_since(begin) / 1000,
           (long)shown.it_value.tv_sec);
    return 0;
}
