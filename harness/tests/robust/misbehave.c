/* A program that misbehaves in the way that its first argument names. The tests
 * of robustness launch it: whatever it does, its case has to end in a verdict. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void forever(void) { for (;;) pause(); }

static void ignore_everything(void) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_IGN);
    forever();
}

static void flood(int fd) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    for (size_t i = 79; i < sizeof block; i += 80) block[i] = '\n';
    for (;;) (void)!write(fd, block, sizeof block);
}

/* Single bytes to both streams in turns: as many events as can be. */
static void chatter(void) {
    for (;;) {
        (void)!write(1, ".", 1);
        (void)!write(2, "!", 1);
    }
}

static void daemonize(void) {
    if (fork() > 0) _exit(0);
    setsid();
    if (fork() > 0) _exit(0);
}

/* What a daemon that names itself in its PID file does. */
static void tell(const char *text) {
    int fd = open("/run/demo.pid", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    (void)!write(fd, text, strlen(text));
    close(fd);
}

static void tell_own_pid(void) {
    char text[32];
    snprintf(text, sizeof text, "%d\n", getpid());
    tell(text);
}

/* Every process makes another as long as the kernel lets it. */
static void forks(void) {
    for (;;) {
        if (fork() < 0) usleep(1000);
    }
}

/* The same by chains: each process leaves one behind and goes away itself, so
 * that none is there long enough to be killed by its PID. */
static void chain(void) {
    for (;;) {
        if (fork() > 0) _exit(0);
        setsid();
    }
}

/* Children that nobody waits for. */
static void zombies(void) {
    for (int i = 0; i < 500; i++) {
        if (fork() == 0) _exit(i % 256);
    }
    printf("made\n");
    fflush(stdout);
    forever();
}

static void *idle(void *nothing) { forever(); return nothing; }

static void threads(void) {
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (;;) {
        if (pthread_create(&thread, &small, idle, NULL) != 0) usleep(1000);
    }
}

/* Takes memory until there is none, and says what stood in the way. */
static void eat(void) {
    const size_t block = 16 << 20;
    for (size_t all = 0;; all += block) {
        char *memory = mmap(NULL, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            printf("%s after %zu MiB\n", strerror(errno), all >> 20);
            exit(12);
        }
        /* One byte in all of it: what is counted is what may be written. */
        memory[0] = 1;
    }
}

static void fill_disk(void) {
    static char block[1 << 20];
    int fd = open("/tmp/full", O_WRONLY | O_CREAT, 0600);
    size_t all = 0;
    ssize_t wrote;
    while ((wrote = write(fd, block, sizeof block)) > 0) all += (size_t)wrote;
    printf("%s after %zu MiB\n", strerror(errno), all >> 20);
    exit(28);
}

static void fill_inodes(void) {
    char name[64];
    for (int i = 0;; i++) {
        snprintf(name, sizeof name, "/tmp/%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        if (fd < 0) {
            printf("%s after %d files\n", strerror(errno), i);
            exit(28);
        }
        close(fd);
    }
}

/* Folders as deep as they go, in which every path is too long. */
static void deep(void) {
    chdir("/tmp");
    for (int i = 0; i < 3000; i++) {
        if (mkdir("a-folder-with-quite-a-long-name", 0700) != 0) break;
        if (chdir("a-folder-with-quite-a-long-name") != 0) break;
    }
    printf("deep\n");
    exit(0);
}

/* A name and arguments that look like the fields after them in /proc/PID/stat,
 * and that would steer a terminal. */
static void rename_self(char **argv) {
    prctl(PR_SET_NAME, ") Z 1 1 (\n\033[2J");
    memset(argv[0], '\n', strlen(argv[0]));
    memset(argv[1], '\033', strlen(argv[1]));
}

int main(int argc, char **argv) {
    char way[64] = "";
    if (argc > 1) snprintf(way, sizeof way, "%s", argv[1]);
#define IF(name) else if (strcmp(way, name) == 0)
    if (way[0] == 0) return 64;
    IF("hang") forever();
    IF("ignore") ignore_everything();
    IF("flood") flood(1);
    IF("flood-stderr") flood(2);
    IF("chatter") chatter();
    IF("keep-stdout") {
        if (fork() > 0) return 0;
        forever();
    }
    IF("daemon-floods") {
        daemonize();
        tell_own_pid();
        flood(1);
    }
    IF("forks") forks();
    IF("chain") chain();
    IF("zombies") zombies();
    IF("threads") threads();
    IF("eat") eat();
    IF("fill-disk") fill_disk();
    IF("fill-inodes") fill_inodes();
    IF("deep") deep();
    IF("stop") {
        raise(SIGSTOP);
        forever();
    }
    IF("daemon-stops") {
        daemonize();
        tell_own_pid();
        raise(SIGSTOP);
        forever();
    }
    IF("rename") {
        rename_self(argv);
        daemonize();
        tell_own_pid();
        forever();
    }
    IF("kill-all") {
        kill(-1, SIGKILL);
        forever();
    }
    IF("kill-init") {
        for (int number = 1; number < NSIG; number++) kill(1, number);
        return 0;
    }
    IF("close-all") {
        for (int fd = 0; fd < 1024; fd++) close(fd);
        forever();
    }
    IF("exec-loop") execl("/proc/self/exe", "again", "exec-loop", NULL);
    IF("crash") abort();
    IF("exit-while-looked-at") {
        daemonize();
        tell_own_pid();
        usleep(argc > 2 ? (useconds_t)atoi(argv[2]) : 0);
    }
    IF("pid-file-huge") {
        daemonize();
        int fd = open("/run/demo.pid", O_WRONLY | O_CREAT, 0644);
        (void)!ftruncate(fd, 200 << 20);
        forever();
    }
    IF("pid-file-fifo") {
        daemonize();
        mkfifo("/run/demo.pid", 0644);
        forever();
    }
    IF("pid-file-zero") {
        daemonize();
        (void)!symlink("/dev/zero", "/run/demo.pid");
        forever();
    }
    IF("pid-file-loop") {
        daemonize();
        (void)!symlink("demo.pid", "/run/demo.pid");
        forever();
    }
    IF("pid-file-overflows") {
        daemonize();
        tell("99999999999999999999\n");
        forever();
    }
    IF("pid-file-negative") {
        daemonize();
        tell("-1\n");
        forever();
    }
    IF("pid-file-of-init") {
        daemonize();
        tell("1\n");
        forever();
    }
    IF("pid-file-flickers") {
        daemonize();
        for (;;) {
            tell("");
            tell("x");
            unlink("/run/demo.pid");
        }
    }
    else return 64;
    return 0;
}
