package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A killed process keeps its page cache, so no kill can show that a sync is missing. The system
 * calls of a real node can: each acknowledgement of a write that was sent alone needs a write of
 * its own into the log, through a descriptor that is open with O_DSYNC (guarantee G1).
 */
class SyncsAreCountedITCase {
    private static final int WRITES = 40;
    private static final int O_DSYNC = 0x1000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String COLLECTION = "counted";

    @Test
    void everyAcknowledgementHasItsSynchronousWrite(@TempDir Path directory) throws Exception {
        Assumptions.assumeTrue(House.runs("strace", "-V"), "no strace on this machine");
        Path trace = directory.resolve("trace");
        try (House house =
                House.start(directory.resolve("house"), 1, Map.of("wal.io", "filechannel"))) {
            NodeProcess node = house.nodes.get(0);
            house.client.createCollection(definition(), false);
            put(house, 1);
            assertThat(openLogFiles(node))
                    .isNotEmpty()
                    .allSatisfy(flags -> assertThat(flags & O_DSYNC).isNotZero());
            Process strace = attach(node, trace);
            try {
                House.await(
                        "a traced write",
                        PATIENCE,
                        () -> {
                            put(house, 2);
                            return logWrites(trace) > 0;
                        },
                        () -> "strace says nothing");
                long before = logWrites(trace);
                for (int i = 0; i < WRITES; i++) {
                    put(house, 3L + i);
                }
                House.await(
                        "a write for each acknowledgement",
                        PATIENCE,
                        () -> logWrites(trace) - before >= WRITES,
                        () -> logWrites(trace) - before + " writes for " + WRITES);
            } finally {
                strace.destroy();
                assertThat(strace.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    /**
     * What a ring is asked to do strace does not show; the descriptors that it uses can be seen.
     */
    @Test
    void whatIsWrittenThroughARingIsSynchronousToo(@TempDir Path directory) throws Exception {
        try (House house = House.start(directory, 1, Map.of("wal.io", "auto"))) {
            house.client.createCollection(definition(), false);
            put(house, 1);
            assertThat(openLogFiles(house.nodes.get(0)))
                    .isNotEmpty()
                    .allSatisfy(flags -> assertThat(flags & O_DSYNC).isNotZero());
        }
    }

    private static Process attach(NodeProcess node, Path trace) throws IOException {
        return new ProcessBuilder(
                        "strace",
                        "-f",
                        "-y",
                        "-e",
                        "trace=pwrite64,pwritev,pwritev2",
                        "-o",
                        trace.toString(),
                        "-p",
                        Long.toString(node.pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Writes into files of the log that the trace has seen so far. */
    private static long logWrites(Path trace) {
        try (Stream<String> lines = Files.exists(trace) ? Files.lines(trace) : Stream.of()) {
            return lines.filter(line -> line.contains("/wal/")).count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The flags of open(2) of every descriptor of the log's files (proc(5), fdinfo). */
    private static List<Integer> openLogFiles(NodeProcess node) throws IOException {
        Path process = Path.of("/proc", Long.toString(node.pid()));
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            return descriptors
                    .filter(descriptor -> target(descriptor).matches(".*/wal/wal-\\d+\\.log"))
                    .map(descriptor ->
                            flags(
                                    process.resolve("fdinfo")
                                            .resolve(descriptor.getFileName().toString())))
                    .toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    private static int flags(Path information) {
        try {
            return Files.readAllLines(information).stream()
                    .filter(line -> line.startsWith("flags:"))
                    .map(line -> Integer.parseInt(line.substring(6).strip(), 8))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void put(House house, long version) {
        try (PointWriter writer =
                house.client.openWriter(
                        COLLECTION, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL)) {
            writer.write(
                    Point.upsert(
                            PointKey.of("key"),
                            new float[] {version, 1},
                            Map.of(),
                            new Version(0, version, 0)));
            writer.flush().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                2,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(),
                1,
                1);
    }
}
