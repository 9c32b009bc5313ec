package io.arbalest.jobs.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

class ChildProcessTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir private Path directory = Path.of("");

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(JavaRuntime.current().java().toString());
        command.addAll(List.of("-Xshare:auto", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        return command;
    }

    @Test
    void readinessKillAndLog() throws Exception {
        Path log = directory.resolve("logs").resolve("child.log");
        ChildProcess child =
                ChildProcess.start(
                        "child", java(Waiting.class.getName(), "READY now"), "READY", log);
        assertThat(child.awaitReady(LONG)).isEqualTo("READY now");
        assertThat(child.isAlive()).isTrue();
        child.kill();
        assertThat(child.isAlive()).isFalse();
        assertThat(Files.readString(log)).contains("READY now");
    }

    @Test
    void aChildThatEndsTooSoonIsQuoted() {
        Path log = directory.resolve("child.log");
        ChildProcess child = ChildProcess.start("child", java("no.such.Main"), "READY", log);
        assertThatThrownBy(() -> child.awaitReady(LONG))
                .hasMessageContaining("exit code 1")
                .hasMessageContaining("no.such.Main")
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.PROCESS_FAILED));
    }

    @Test
    void aChildEndsWithItsParent() throws Exception {
        // the test is the parent: closing the child's standard input is what the parent's death
        // does
        Process child =
                new ProcessBuilder(
                                java(ParentWatch.class.getName(), Waiting.class.getName(), "READY"))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("orphan.log").toFile())
                        .start();
        child.getOutputStream().close();
        assertThat(child.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(child.exitValue()).isEqualTo(ParentWatch.EXIT_ORPHANED);
    }

    @Test
    void aChildThatIsToldToStopFinishesWhatItDoesThen() {
        ChildProcess child =
                ChildProcess.start(
                        "child",
                        java(ParentWatch.class.getName(), Stopping.class.getName()),
                        "READY",
                        directory.resolve("child.log"));
        child.awaitReady(LONG);
        assertThat(child.terminate(LONG)).isEqualTo(Stopping.EXIT_FINISHED);
    }

    @Test
    void freePortsAreDistinctAndBelowTheEphemeralRange() {
        int[] ports = Ports.free(20);
        assertThat(ports).doesNotHaveDuplicates();
        for (int port : ports) {
            assertThat(port).isBetween(Ports.FIRST, Ports.LAST);
        }
    }

    @Test
    void runtimesAreFound() {
        assertThat(JavaRuntime.at(JavaRuntime.current().home()).orElseThrow().version().feature())
                .isEqualTo(Runtime.version().feature());
        assertThat(JavaRuntime.at(directory)).isEmpty();
        assertThat(JavaRuntime.forNodes().version().feature()).isEqualTo(25);
    }

    /** Takes a while to stop. */
    public static final class Stopping {
        static final int EXIT_FINISHED = 7;

        private Stopping() {}

        public static void main(String[] arguments) throws InterruptedException {
            Runtime.getRuntime().addShutdownHook(new Thread(Stopping::finish));
            System.out.println("READY");
            new CountDownLatch(1).await();
        }

        private static void finish() {
            try {
                TimeUnit.SECONDS.sleep(1);
            } catch (InterruptedException e) {
                return; // nobody does
            }
            Runtime.getRuntime().halt(EXIT_FINISHED);
        }
    }

    /** Prints its argument and waits for ever. */
    public static final class Waiting {
        private Waiting() {}

        public static void main(String[] arguments) throws InterruptedException {
            System.out.println(arguments[0]);
            new CountDownLatch(1).await();
        }
    }
}
