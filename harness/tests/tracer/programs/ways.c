/* Ways to end, to stop, and to be many: by the first argument. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void nothing(int signal) { }

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";
    if (!strcmp(way, "crash")) {
        umask(1);
        *(volatile int *)8 = 1;
    } else if (!strcmp(way, "abort")) {
        abort();
    } else if (!strcmp(way, "stop")) {
        umask(1);
        raise(SIGSTOP);
        umask(2);
        return 5;
    } else if (!strcmp(way, "hundred")) {
        for (int i = 0; i < 100; i++)
            if (fork() == 0) _exit(i);
        int sum = 0, status;
        while (wait(&status) > 0) sum += WEXITSTATUS(status);
        printf("%d\n", sum);
    } else if (!strcmp(way, "spawn")) {
        pid_t child;
        char *args[] = {"true", NULL};
        int status = 0;
        if (posix_spawn(&child, "/bin/true", NULL, NULL, args, environ)) return 1;
        waitpid(child, &status, 0);
        pid_t second = vfork();
        if (second == 0) _exit(4);
        waitpid(second, &status, 0);
        return WEXITSTATUS(status);
    } else if (!strcmp(way, "ptrace")) {
        errno = 0;
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        printf("%s\n", strerror(errno));
    } else if (!strcmp(way, "unseen")) {
#if defined __x86_64__
        /* umask(2) twice, as a 32-bit program makes it. */
        int mask, number = 60;
        for (int i = 0; i < 2; i++)
            __asm__ volatile("int $0x80" : "=a"(mask) : "a"(number), "b"(077) : "memory");
        printf("%o\n", mask);
#endif
    } else if (!strcmp(way, "x32")) {
#if defined __x86_64__
        /* umask(2) twice, by the numbers of x32. */
        long mask;
        for (int i = 0; i < 2; i++) mask = syscall(0x40000000 | SYS_umask, 077);
        if (mask < 0) printf("%s\n", strerror(errno));
        else printf("%lo\n", mask);
#endif
    } else if (!strcmp(way, "restart")) {
        /* A handler interrupts the wait, which the kernel makes again. */
        struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
        sigaction(SIGUSR1, &action, NULL);
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            for (int i = 0; i < 5; i++) {
                usleep(2000);
                kill(parent, SIGUSR1);
            }
            usleep(2000);
            _exit(6);
        }
        int status;
        if (waitpid(child, &status, 0) != child) return 1;
        return WEXITSTATUS(status);
    } else if (!strcmp(way, "ignored") || !strcmp(way, "ignored-poll")) {
        /* Children end one after the other, which means nothing to who waits;
           the wait ends in time all the same. */
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 100; i++) {
                if (fork() == 0) _exit(0);
                usleep(100000);
                kill(getppid(), SIGCHLD);
            }
            _exit(0);
        }
        struct timespec began, ended, half = {0, 500000000};
        clock_gettime(CLOCK_MONOTONIC, &began);
        errno = 0;
        if (!strcmp(way, "ignored")) {
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            if (sigtimedwait(&set, NULL, &half) >= 0 || errno != EAGAIN) return 4;
        } else {
            struct epoll_event event;
            if (epoll_wait(epoll_create1(0), &event, 1, 500) != 0) return 4;
        }
        clock_gettime(CLOCK_MONOTONIC, &ended);
        long took = (ended.tv_sec - began.tv_sec) * 1000 + (ended.tv_nsec - began.tv_nsec) / 1000000;
        kill(child, SIGKILL);
        printf("%s\n", took < 499 ? "too early" : "in time");
        return took < 8000 ? 0 : 5;
    } else if (!strcmp(way, "registers")) {
        /* Programs rely on it that a call leaves its arguments alone. */
#ifdef __x86_64__
        long done = 1, count = 7;
        __asm__ volatile("syscall" : "+a"(done), "+d"(count)
                         : "D"(1L), "S"("abcdef\n") : "rcx", "r11", "memory");
        return (int)(10 * done + count);
#endif
    } else if (!strcmp(way, "kill-thread")) {
        raise(SIGTERM);
    }
    return 0;
}
