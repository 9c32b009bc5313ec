package io.arbalest.io.uring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Why io_uring was refused, in words, and what to change.
 *
 * <p>Sources: io_uring_setup(2); sysctl kernel.io_uring_disabled (Linux 6.6); Docker 25 and
 * containerd 2.0 took the calls out of their default seccomp profiles.
 *
 * <p>Thread-safe: no state.
 */
final class Refusals {
    /** Where the kernel says for whom io_uring is switched off: 0 nobody, 1 most, 2 all. */
    static final Path DISABLED = Path.of("/proc/sys/kernel/io_uring_disabled");

    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String MEMORY_LIMIT = "Max locked memory";

    private static final String ALLOW_CALLS =
            "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp"
                    + " profile (docker run --security-opt seccomp=PROFILE.json; Kubernetes:"
                    + " seccompProfile of type Localhost)";
    private static final String LEAVE_IT = "set wal.io to filechannel";

    private Refusals() {}

    /** The refusal of a call with this negative error number. */
    static UringRefusedException of(String call, int result) {
        return of(call, result, line(DISABLED, ""), line(LIMITS, MEMORY_LIMIT));
    }

    /**
     * @param disabled the value of the sysctl, empty if this kernel has none
     * @param memoryLimit the line of /proc/self/limits about locked memory
     */
    static UringRefusedException of(String call, int result, String disabled, String memoryLimit) {
        String what = call + " gave " + Errno.describe(result);
        if (Errno.EPERM.is(result) && disabled.equals("2")) {
            return new UringRefusedException(
                    what + ": kernel.io_uring_disabled is 2", "sysctl kernel.io_uring_disabled=0");
        }
        if (Errno.EPERM.is(result) && disabled.equals("1")) {
            return new UringRefusedException(
                    what + ": kernel.io_uring_disabled is 1 and this user is not in its group",
                    "sysctl kernel.io_uring_disabled=0, or put the user into"
                            + " kernel.io_uring_group");
        }
        if (Errno.EPERM.is(result) || Errno.EACCES.is(result)) {
            return new UringRefusedException(
                    what + ": a seccomp filter or a security module refuses it", ALLOW_CALLS);
        }
        if (Errno.ENOSYS.is(result)) {
            return new UringRefusedException(
                    what
                            + ": the kernel is too old, or a seccomp filter or a sandbox hides the"
                            + " call",
                    ALLOW_CALLS + "; or use Linux 5.6 or later");
        }
        if (Errno.ENOMEM.is(result)) {
            return new UringRefusedException(
                    what + ": the limit of locked memory is too low (" + memoryLimit + ")",
                    "raise it: LimitMEMLOCK=64M in the unit, ulimit -l 65536, or docker run"
                            + " --ulimit memlock=67108864");
        }
        if (Errno.EMFILE.is(result)) {
            return new UringRefusedException(
                    what + ": no descriptor is left", "raise the limit: ulimit -n 65536");
        }
        return new UringRefusedException(what, LEAVE_IT);
    }

    /** The refusal where the call itself went through but did not do what it should. */
    static UringRefusedException because(String what) {
        return new UringRefusedException(what, LEAVE_IT);
    }

    /** The first line that begins so, stripped; empty if there is none. */
    private static String line(Path file, String prefix) {
        try {
            for (String line : Files.readAllLines(file)) {
                if (line.startsWith(prefix)) {
                    return line.strip().replaceAll("\\s{2,}", " ");
                }
            }
        } catch (IOException e) {
            return "";
        }
        return "";
    }
}
