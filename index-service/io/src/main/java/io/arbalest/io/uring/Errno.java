package io.arbalest.io.uring;

/**
 * The error numbers of Linux that are told apart here, and their texts (errno(3); the same on
 * x86-64 and aarch64).
 *
 * <p>Immutable.
 */
enum Errno {
    EPERM(1, "operation not permitted"),
    ENOENT(2, "no such file or directory"),
    EINTR(4, "interrupted system call"),
    EIO(5, "input/output error"),
    EBADF(9, "bad file descriptor"),
    EAGAIN(11, "resource temporarily unavailable"),
    ENOMEM(12, "cannot allocate memory"),
    EACCES(13, "permission denied"),
    EFAULT(14, "bad address"),
    EBUSY(16, "device or resource busy"),
    EEXIST(17, "file exists"),
    ENODEV(19, "no such device"),
    EINVAL(22, "invalid argument"),
    EMFILE(24, "too many open files"),
    EFBIG(27, "file too large"),
    ENOSPC(28, "no space left on device"),
    EROFS(30, "read-only file system"),
    ENOSYS(38, "function not implemented"),
    EOPNOTSUPP(95, "operation not supported"),
    EDQUOT(122, "disk quota exceeded"),
    ECANCELED(125, "operation canceled");

    private final int number;
    private final String text;

    Errno(int number, String text) {
        this.number = number;
        this.text = text;
    }

    int number() {
        return number;
    }

    /** Whether the call's result (a negative error number) is this one. */
    boolean is(int result) {
        return result == -number;
    }

    /** Name, number and text of a negative error number. */
    static String describe(int result) {
        for (Errno errno : values()) {
            if (errno.is(result)) {
                return errno + " (" + errno.number + ", " + errno.text + ")";
            }
        }
        return "error number " + -result;
    }

    /** Whether there was no space or no quota. */
    static boolean saysDiskFull(int result) {
        return ENOSPC.is(result) || EDQUOT.is(result);
    }
}
