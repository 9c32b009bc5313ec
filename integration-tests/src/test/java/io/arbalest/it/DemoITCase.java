package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The README's first command, on fewer records, and what it leaves behind: nothing. */
class DemoITCase {
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final Pattern LOCAL_PORT = Pattern.compile("127\\.0\\.0\\.1:(\\d+)");

    @Test
    void endsWithEveryCheckHeldAndNothingLeft(@TempDir Path directory) throws Exception {
        try (Launcher demo =
                Launcher.start(directory, List.of("demo", "--exit", "--records", "4000"))) {
            Launcher.Ended ended = demo.await(PATIENCE);
            assertThat(ended.exitCode())
                    .as("exit code, output: %s%n%s", ended.output(), ended.errors())
                    .isZero();
            assertThat(ended.output())
                    .contains("All checks held")
                    .contains("recall@10")
                    .contains("ARB-4101");
            assertNothingLeft(directory, demo, ended.output());
        }
    }

    @Test
    void ctrlCDuringTheReplayStopsEveryProcess(@TempDir Path directory) throws Exception {
        try (Launcher demo = Launcher.start(directory, List.of("demo", "--rate", "300"))) {
            House.await(
                    "the first search result",
                    PATIENCE,
                    () -> demo.outputSoFar().contains("first result"),
                    demo::outputSoFar);
            List<ProcessHandle> tree = demo.tree();
            assertThat(tree).as("launcher, broker, nodes, Flink").hasSizeGreaterThan(5);
            demo.interrupt();
            Launcher.Ended ended = demo.await(Duration.ofSeconds(60));
            assertThat(ended.exitCode()).as("exit code after SIGINT").isNotZero();
            House.await(
                    "the end of every process",
                    Duration.ofSeconds(20),
                    () -> tree.stream().noneMatch(ProcessHandle::isAlive),
                    tree::toString);
            assertNothingLeft(directory, demo, ended.output());
        }
    }

    @Test
    void aBadOptionIsOneLineAndExitCodeTwo(@TempDir Path directory) throws Exception {
        Launcher.Ended ended = Launcher.run(directory, PATIENCE, "demo", "--nodes", "none");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.errors()).contains("--nodes").doesNotContain("Exception");
    }

    private static void assertNothingLeft(Path directory, Launcher demo, String output)
            throws IOException {
        assertThat(demo.tree()).as("processes").noneMatch(ProcessHandle::isAlive);
        Set<Integer> open = new TreeSet<>();
        Matcher ports = LOCAL_PORT.matcher(output);
        while (ports.find()) {
            int port = Integer.parseInt(ports.group(1));
            if (listens(port)) {
                open.add(port);
            }
        }
        assertThat(open).as("ports still open").isEmpty();
        try (Stream<Path> left = Files.list(directory.resolve("tmp"))) {
            assertThat(left.filter(path -> !path.getFileName().toString().startsWith("hsperfdata")))
                    .as("temporary files")
                    .isEmpty();
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
