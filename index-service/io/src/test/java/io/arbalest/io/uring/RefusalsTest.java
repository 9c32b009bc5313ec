package io.arbalest.io.uring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Each way to be refused names its cause and what to change, in one line. */
class RefusalsTest {
    private static final String SETUP = "io_uring_setup";

    private static void says(Errno errno, String disabled, String cause, String remedy) {
        UringRefusedException refusal =
                Refusals.of(
                        SETUP,
                        -errno.number(),
                        disabled,
                        "Max locked memory 8388608 8388608 bytes");
        assertThat(refusal.getMessage())
                .contains(SETUP, errno.toString(), "(" + errno.number(), cause)
                .doesNotContain("\n");
        assertThat(refusal.remedy()).contains(remedy).doesNotContain("\n", "unconfined");
    }

    @Test
    void aSwitchedOffKernelIsToldFromAFilter() {
        says(Errno.EPERM, "2", "io_uring_disabled is 2", "sysctl kernel.io_uring_disabled=0");
        says(Errno.EPERM, "1", "io_uring_disabled is 1", "io_uring_group");
        says(Errno.EPERM, "0", "seccomp", "io_uring_enter and io_uring_register");
        says(Errno.EPERM, "", "seccomp", "--security-opt seccomp=");
        says(Errno.EACCES, "0", "security module", "seccomp=");
    }

    @Test
    void aMissingCallIsAnOldKernelOrASandbox() {
        says(Errno.ENOSYS, "", "too old", "Linux 5.6");
    }

    @Test
    void limitsNameTheLimit() {
        says(Errno.ENOMEM, "0", "8388608", "LimitMEMLOCK");
        says(Errno.EMFILE, "0", "no descriptor", "ulimit -n");
    }

    @Test
    void anythingElseLeavesAWayOn() {
        says(Errno.EOPNOTSUPP, "0", "not supported", "filechannel");
        assertThat(Errno.describe(-4095)).isEqualTo("error number 4095");
    }
}
