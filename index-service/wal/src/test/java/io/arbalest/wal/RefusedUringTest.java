package io.arbalest.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.io.uring.UringRefusedException;
import io.arbalest.testkit.RefusedUring;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The log's tests on the machine's disk once more, in a process in which a seccomp filter refuses
 * io_uring: what {@code auto} chooses then must do the same.
 */
@Timeout(180)
class RefusedUringTest {
    private static final String MARK = "arbalest.io_uring.refused";

    /** Every test of this room that uses the machine's disk, and what only the child can see. */
    private static final List<Class<?>> ON_DISK =
            List.of(
                    Fallback.class,
                    LogOnDiskTest.class,
                    LogDamageOnDiskTest.class,
                    LogOnFullDiskTest.class);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @ParameterizedTest
    @CsvSource({"1, EPERM, 4", "38, ENOSYS, 2"})
    void theLogsTestsPassWhereIoUringIsRefused(int errno, String name, int classes)
            throws Exception {
        RefusedUring refused = RefusedUring.compile(directory).orElse(null);
        Assumptions.assumeTrue(refused != null, "no gcc on this machine");
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(List.of("-ea", "-Xmx512m", "--enable-native-access=ALL-UNNAMED"));
        java.add("-D" + MARK + "=" + name);
        java.add("-cp");
        java.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        java.add(TestsInChild.class.getName());
        ON_DISK.stream().limit(classes).forEach(test -> java.add(test.getName()));
        if (refused == null) {
            throw new IllegalStateException("assumed above");
        }
        Process child =
                new ProcessBuilder(refused.command(errno, java)).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).as(output).isZero();
        assertThat(output)
                .contains("with FileChannel, not io_uring", name, "seccomp")
                // The last class passes only where this user may mount.
                .containsPattern("passed=[" + (classes == 4 ? 5 : 3) + "-9]");
    }

    /** Runs in the child only; there io_uring must be refused in words. */
    static final class Fallback {
        @TempDir
        @SuppressWarnings("NullAway.Init")
        private Path directory;

        @Test
        void autoFallsBackAndSaysWhyAndExplicitIsRefused() throws IOException {
            String name = System.getProperty(MARK, "");
            DiskSelection selected = DiskSelection.select(Backend.AUTO, directory);
            assertThat(selected.backend()).isEqualTo(Backend.FILECHANNEL);
            assertThat(selected.reason())
                    .contains("io_uring_setup gave " + name, "; fix: ", "seccomp")
                    .doesNotContain("\n", "unconfined");
            try {
                DiskSelection.select(Backend.IO_URING, directory);
                throw new AssertionError("not refused");
            } catch (UringRefusedException e) {
                assertThat(e).hasMessageContaining(name);
                assertThat(e.remedy()).contains("io_uring_register");
            }
        }
    }
}
