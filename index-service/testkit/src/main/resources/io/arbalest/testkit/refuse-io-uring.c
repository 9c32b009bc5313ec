/*
 * refuse-io-uring ERRNO COMMAND ARGUMENT...
 *
 * Runs the command in a process tree in which the three system calls of io_uring fail with the given error number, as
 * the seccomp profiles of container runtimes make them fail (1, EPERM) and as sandboxes that do not know them do
 * (38, ENOSYS). See seccomp(2). Exit code 125 if the filter cannot be installed.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define IO_URING_SETUP 425
#define IO_URING_REGISTER 427

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: refuse-io-uring ERRNO COMMAND ARGUMENT...\n");
        return 125;
    }
    unsigned refusal = (unsigned) atoi(arguments[1]) & SECCOMP_RET_DATA;
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, IO_URING_SETUP, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, IO_URING_REGISTER, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refusal),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        perror("refuse-io-uring");
        return 125;
    }
    execvp(arguments[2], arguments + 2);
    perror(arguments[2]);
    return 127;
}
