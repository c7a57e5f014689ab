/* Runs a program below a system call filter: filtered RULE ... -- PROGRAM ...
 * Each RULE is NUMBER:ERRNO, or NUMBER:ERRNO:MASK for a call that is denied if
 * its first argument has a bit of MASK. Other calls are allowed. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))

int main(int argc, char **argv) {
    static struct sock_filter code[256];
    unsigned short length = 0;
    int at = 1;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        unsigned number = 0, error = 0, mask = 0;
        int fields = sscanf(argv[at], "%u:%u:%x", &number, &error, &mask);
        if (fields < 2 || length + 6 > 250) return 64;
        struct sock_filter answer = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
        code[length++] = (struct sock_filter)LOAD(nr);
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, fields == 2 ? 1 : 3);
        if (fields == 3) {
            code[length++] = (struct sock_filter)LOAD(args[0]);
            code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, mask, 0, 1);
        }
        code[length++] = answer;
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {length, code};
    /* Root of the machine needs no no_new_privs for it, which would change more. */
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
            perror("filtered");
            return 70;
        }
    }
    if (at + 1 >= argc) return 64;
    execvp(argv[at + 1], argv + at + 1);
    perror(argv[at + 1]);
    return 71;
}
