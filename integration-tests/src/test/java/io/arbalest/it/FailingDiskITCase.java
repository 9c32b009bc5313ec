package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.ArbalestClient.ShardReport;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.WriterOptions;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.ArbalestException;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a real node does when its disk fails a write, and when its disk is full (guarantees G1, G8,
 * G9).
 */
class FailingDiskITCase {
    private static final String COLLECTION = "things";
    private static final int DIMENSION = 64;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Rows that are acknowledged together. */
    private static final int BATCH = 50;

    /** Gives up at the first failure. */
    private static final WriterOptions IMPATIENT =
            new WriterOptions(
                    "",
                    0,
                    0,
                    BATCH,
                    Duration.ofMillis(2),
                    16L << 20,
                    Duration.ofMillis(200),
                    false);

    /** Batches that the writer was told are stored, from the first on. */
    private int acknowledged;

    /** strace(1) lets the kernel fail the node's writes into its log. */
    @Test
    void theFirstFailedWriteEndsAcknowledgementsUntilARestartAndReadsGoOn(@TempDir Path directory)
            throws Exception {
        Assumptions.assumeTrue(House.runs("strace", "-V"), "no strace on this machine");
        Path trace = directory.resolve("trace");
        try (House house =
                House.start(directory.resolve("house"), 1, Map.of("wal.io", "filechannel"))) {
            NodeProcess node = house.nodes.get(0);
            house.client.createCollection(definition(), false);
            assertThat(put(house)).isEmpty();
            String failure = "";
            Process strace = failLogWrites(node, trace);
            try {
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                while (failure.isEmpty() && System.nanoTime() < deadline) {
                    failure = put(house); // until strace has got hold of the node's threads
                }
            } finally {
                strace.destroy(); // from now on the disk works again
                assertThat(strace.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
            assertThat(failure).contains("ARB-3001", "unknown");
            assertThat(Files.readAllLines(trace).stream().filter(l -> l.contains("INJECTED")))
                    .as("nothing is tried again")
                    .hasSize(1);

            assertThat(put(house)).contains("ARB-3001", "restart the node");
            assertThat(report(house).state()).isEqualTo("READ_ONLY");
            assertThat(report(house).error()).contains("ARB-3001", "Input/output error");
            assertThat(house.page(node, "/healthz")).contains("READ_ONLY", "ARB-3001");
            assertThat(house.metrics(node)).containsEntry("arbalest_wal_poisoned", 1.0);
            assertThat(node.isAlive()).isTrue();
            assertReads(house);

            node.kill();
            node.restart();
            assertReads(house);
            assertThat(put(house)).isEmpty(); // the one in doubt, whatever became of it
            assertThat(house.metrics(node)).containsEntry("arbalest_wal_poisoned", 0.0);
            assertReads(house);
        }
    }

    /** The node's data lie on a file system of their own, which something else fills. */
    @Test
    void aFullDiskStopsWritesKeepsReadsAndGoesOnByItself(@TempDir Path directory) throws Exception {
        Path data = Files.createDirectories(directory.resolve("node-0").resolve("data"));
        Assumptions.assumeTrue(
                House.runs("mount", "-t", "tmpfs", "-o", "size=96m", "none", data.toString()),
                "this user cannot mount a tmpfs");
        try (House house =
                House.start(
                        directory,
                        1,
                        Map.of("engine.growing-segment-rows", 500, "wal.file-bytes", 1 << 20))) {
            NodeProcess node = house.nodes.get(0);
            house.client.createCollection(definition(), false);
            for (int i = 0; i < 40; i++) {
                assertThat(put(house)).isEmpty();
            }
            Path ballast = data.resolve("ballast");
            Files.write(
                    ballast, new byte[Math.toIntExact(data.toFile().getUsableSpace() - (2 << 20))]);
            String refusal = "";
            for (int i = 0; i < 1_000 && refusal.isEmpty(); i++) {
                refusal = put(house);
            }
            assertThat(refusal).contains("ARB-3003", "writing then goes on by itself");
            for (int i = 0; i < 6; i++) {
                TimeUnit.SECONDS.sleep(1); // sealing, merging and flushing fail meanwhile
                assertThat(put(house)).contains("ARB-3003");
            }
            assertReads(house);
            assertThat(report(house).state()).isEqualTo("READ_ONLY");
            assertThat(report(house).error()).contains("ARB-3003");
            assertThat(house.metrics(node)).containsEntry("arbalest_engine_state", 2.0);
            assertThat(house.metrics(node)).containsEntry("arbalest_wal_poisoned", 0.0);

            Files.delete(ballast);
            House.await(
                    "a write",
                    PATIENCE,
                    () -> put(house).isEmpty(),
                    () -> report(house).toString());
            int before = acknowledged;
            while (acknowledged < before + 40) {
                assertThat(put(house)).isEmpty();
            }
            assertThat(report(house).state()).isEqualTo("SERVING");
            assertReads(house);

            node.kill();
            node.restart();
            assertReads(house);
        } finally {
            assertThat(House.runs("umount", "-l", data.toString())).isTrue();
        }
    }

    /** Writes the next batch; gives why it failed, or nothing: it was acknowledged. */
    private String put(House house) {
        try (PointWriter writer =
                house.client.openWriter(COLLECTION, IMPATIENT, PointWriter.RejectionHandler.FAIL)) {
            for (int i = 0; i < BATCH; i++) {
                int row = acknowledged * BATCH + i;
                writer.write(
                        Point.upsert(key(row), vector(row), Map.of(), new Version(0, row + 1L, 0)));
            }
            writer.flush().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            acknowledged++;
            return "";
        } catch (ExecutionException | ArbalestException e) {
            return e.toString();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Every acknowledged row is there, by key and by its vector. */
    private void assertReads(House house) {
        List<PointKey> keys =
                IntStream.range(0, acknowledged * BATCH).mapToObj(FailingDiskITCase::key).toList();
        for (int from = 0; from < keys.size(); from += 1_000) {
            List<PointKey> some = keys.subList(from, Math.min(keys.size(), from + 1_000));
            assertThat(house.client.get(COLLECTION, some, GetOptions.DEFAULT).keySet())
                    .containsAll(some);
        }
        int row = keys.size() - 1;
        SearchResult nearest =
                house.client.search(
                        COLLECTION, List.of(vector(row)), SearchQuery.nearest(1).withExact(true));
        assertThat(nearest.missing()).isEmpty();
        assertThat(nearest.hits().get(0).get(0).key()).isEqualTo(key(row));
    }

    private static ShardReport report(House house) {
        return house.client.shardReports(COLLECTION).get(0);
    }

    /** Lets every write into the log's present files fail from soon on, as a bad device does. */
    private static Process failLogWrites(NodeProcess node, Path trace) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "strace",
                                "-f",
                                "-e",
                                "trace=pwrite64",
                                "-e",
                                "inject=pwrite64:error=EIO",
                                "-o",
                                trace.toString(),
                                "-p",
                                Long.toString(node.pid())));
        try (Stream<Path> files = Files.walk(node.spec().directory().resolve("data"))) {
            files.filter(file -> file.toString().matches(".*/wal/wal-\\d+\\.log"))
                    .forEach(file -> command.addAll(List.of("-P", file.toString())));
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static PointKey key(int row) {
        return PointKey.of("key-" + row);
    }

    private static float[] vector(int row) {
        float[] vector = new float[DIMENSION];
        for (int bit = 0; bit < DIMENSION; bit++) {
            vector[bit] = (row >> bit % 20) & 1;
        }
        return vector;
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                DIMENSION,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(),
                1,
                1);
    }
}
