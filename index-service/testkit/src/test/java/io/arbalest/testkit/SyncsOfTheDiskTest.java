package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.FileChannelDisk;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * That the machine's disk syncs what it promises, and in which order, no kill can show: the page
 * cache outlives the process. The system calls of a child process can.
 */
class SyncsOfTheDiskTest {
    private static final int BLOCK = BlockFile.BLOCK_BYTES;
    private static final String SYNC = "(fsync|fdatasync)\\(\\d+<";

    @TempDir private Path directory;

    /** Main of the child: each thing once, in an order that the test knows. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws IOException {
            Path root = Path.of(arguments[0]);
            FileChannelDisk disk = new FileChannelDisk();
            disk.createDirectories(root.resolve("parent/child"));
            disk.publish(root.resolve("manifest"), new byte[100]);
            try (Arena arena = Arena.ofConfined();
                    BlockFile file = disk.create(root.resolve("blocks"), 2L * BLOCK)) {
                file.write(0, AlignedBuffers.allocate(arena, BLOCK));
            }
            disk.rename(root.resolve("blocks"), root.resolve("parent/renamed"));
            disk.syncDirectory(root.resolve("parent"));
        }
    }

    @Test
    void everythingIsSyncedInTheOrderThatMakesItDurable() throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        List<String> calls = traced(root);
        String parent = root + "/parent";
        assertInOrder(
                calls,
                "mkdir\\(\"" + parent + "\"",
                "mkdir\\(\"" + parent + "/child\"",
                SYNC + root + ">",
                SYNC + parent + ">",
                // a file that is published
                "write\\(\\d+<" + root + "/manifest.tmp>",
                SYNC + root + "/manifest.tmp>",
                "rename\\(\"" + root + "/manifest.tmp\", \"" + root + "/manifest\"",
                SYNC + root + ">",
                // a block file: zeros, then a write that is synchronous by itself
                "pwrite64\\(\\d+<" + root + "/blocks>",
                SYNC + root + "/blocks>",
                "openat\\(.*\"" + root + "/blocks\".*O_DSYNC",
                "pwrite64\\(\\d+<" + root + "/blocks>",
                // and what its user does with its name
                "rename\\(\"" + root + "/blocks\"",
                SYNC + parent + ">");
    }

    private static void assertInOrder(List<String> calls, String... patterns) {
        int at = 0;
        for (String pattern : patterns) {
            Pattern wanted = Pattern.compile(pattern);
            while (at < calls.size() && !wanted.matcher(calls.get(at)).find()) {
                at++;
            }
            assertThat(at).as("%s, in its place among %s", pattern, calls).isLessThan(calls.size());
            at++;
        }
    }

    /** What the child does below this directory. */
    private List<String> traced(Path root) throws Exception {
        Path trace = directory.resolve("trace");
        Process process;
        try {
            process =
                    new ProcessBuilder(
                                    "strace",
                                    "-f",
                                    "--seccomp-bpf",
                                    "-y",
                                    "-e",
                                    "trace=openat,mkdir,write,pwrite64,fsync,fdatasync,rename",
                                    "-o",
                                    trace.toString(),
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-XX:TieredStopAtLevel=1",
                                    "-cp",
                                    System.getProperty(
                                            "surefire.test.class.path",
                                            System.getProperty("java.class.path")),
                                    Child.class.getName(),
                                    root.toString())
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            Assumptions.abort("no strace on this machine");
            throw e;
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return Files.readAllLines(trace).stream()
                .filter(line -> line.contains(root.toString()))
                .toList();
    }
}
