package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
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

    private static final List<Field> FIELDS =
            List.of(
                    new Field("text", FieldType.STRING, false),
                    new Field("name", FieldType.STRING),
                    new Field("size", FieldType.LONG),
                    new Field("share", FieldType.DOUBLE));

    /** Batches that the writer was told are stored, from the first on. */
    private int acknowledged;

    private List<Field> fields = List.of();

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
            // a file that is prepared for later holds no batch of anybody
            assertThat(failure).contains("ARB-3001").containsAnyOf("unknown", "spare-");
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

    /** Something else fills the disk. */
    @Test
    void aFullDiskStopsWritesKeepsReadsAndGoesOnByItself(@TempDir Path directory) throws Exception {
        onSmallDisk(
                directory,
                "size=96m",
                Map.of(
                        "engine.growing-segment-rows",
                        500,
                        "wal.file-bytes",
                        1 << 20,
                        "engine.disk-reserve-bytes",
                        0),
                (house, data) -> {
                    for (int i = 0; i < 40; i++) {
                        assertThat(put(house)).isEmpty();
                    }
                    Path ballast = fill(data, 3 << 20);
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
                    assertThat(house.metrics(house.nodes.get(0)))
                            .containsEntry("arbalest_engine_state", 2.0)
                            .containsEntry("arbalest_wal_poisoned", 0.0);
                    goesOnWithout(ballast, house);
                });
    }

    /**
     * The store meets the full disk itself, while rows are applied: nothing is kept back for it,
     * and the log has room for long.
     */
    @Test
    void aStoreThatMeetsAFullDiskWhileRowsAreAppliedGoesOnByItself(@TempDir Path directory)
            throws Exception {
        fields = FIELDS;
        onSmallDisk(
                directory,
                "size=256m",
                Map.of("wal.file-bytes", 64 << 20, "engine.disk-reserve-bytes", 0),
                (house, data) -> {
                    NodeProcess node = house.nodes.get(0);
                    assertThat(put(house)).isEmpty();
                    Path ballast = fill(data, 4 << 20);
                    String refusal = "";
                    for (int i = 0; i < 2_000 && refusal.isEmpty(); i++) {
                        refusal = put(house);
                    }
                    assertThat(refusal)
                            .contains("ARB-3003", "goes on by itself")
                            .doesNotContain("restart the node");
                    assertThat(Files.readString(node.log())).contains("the store has no room");
                    for (int i = 0; i < 3; i++) {
                        TimeUnit.SECONDS.sleep(1);
                        assertThat(put(house)).contains("ARB-3003");
                    }
                    assertReads(house);
                    assertThat(report(house).state()).isEqualTo("READ_ONLY");
                    assertThat(report(house).error()).contains("ARB-3003");
                    goesOnWithout(ballast, house);
                });
    }

    /** Writes end while there is still room for what was acknowledged before. */
    @Test
    void aReserveStopsWritesBeforeTheDiskIsFull(@TempDir Path directory) throws Exception {
        fields = FIELDS;
        onSmallDisk(
                directory,
                "size=256m",
                Map.of("wal.file-bytes", 16 << 20, "engine.disk-reserve-bytes", 48 << 20),
                (house, data) -> {
                    NodeProcess node = house.nodes.get(0);
                    assertThat(put(house)).isEmpty();
                    Path ballast = fill(data, 40 << 20);
                    House.await(
                            "a refusal",
                            PATIENCE,
                            () -> !put(house).isEmpty(),
                            () -> report(house).toString());
                    assertThat(put(house))
                            .contains(
                                    "ARB-3003",
                                    "engine.disk-reserve-bytes",
                                    "writing then goes on by itself");
                    assertThat(report(house).state()).isEqualTo("READ_ONLY");
                    assertThat(report(house).error()).contains("engine.disk-reserve-bytes");
                    assertThat(house.metrics(node))
                            .containsEntry("arbalest_engine_disk_reserve_broken", 1.0);
                    assertReads(house);
                    assertThat(usable(data))
                            .as("what was acknowledged before has room")
                            .isGreaterThan(16 << 20);
                    goesOnWithout(ballast, house);
                    assertThat(house.metrics(node))
                            .containsEntry("arbalest_engine_disk_reserve_broken", 0.0);
                    assertThat(Files.readString(node.log()))
                            .doesNotContain("No space", "no space", "the store has no room");
                });
    }

    /** Killed while the disk was full, and started again before there is any room. */
    @Test
    void aNodeThatIsStartedOnAFullDiskGoesOnByItself(@TempDir Path directory) throws Exception {
        fields = FIELDS;
        onSmallDisk(
                directory,
                "size=256m",
                Map.of("wal.file-bytes", 4 << 20, "engine.disk-reserve-bytes", 16 << 20),
                (house, data) -> {
                    NodeProcess node = house.nodes.get(0);
                    for (int i = 0; i < 40; i++) {
                        assertThat(put(house)).isEmpty();
                    }
                    Path ballast = fill(data, 0);
                    node.kill();
                    assertThatThrownBy(node::restart)
                            .hasMessageContainingAll("ARB-3003", "then start the node again");
                    Files.delete(ballast);
                    deleteSpareLogFiles(data);
                    assertThat(fill(data, 1 << 20)) // for the node itself, and for no log
                            .isEqualTo(ballast);
                    CompletableFuture<Void> ready = CompletableFuture.runAsync(node::restart);
                    House.await(
                            "a shard that cannot be opened",
                            PATIENCE,
                            () -> log(node).contains("shard things/0 cannot be opened"),
                            () -> log(node));
                    TimeUnit.SECONDS.sleep(3); // there is still no room for a log
                    assertThat(house.page(node, "/healthz"))
                            .contains("FAILED", "ARB-3003", "opened by itself")
                            .doesNotContain("restart the node");
                    assertThat(ready).isNotDone();
                    Files.delete(ballast);
                    ready.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                    assertReads(house);
                    goesOn(house);
                });
    }

    private static String log(NodeProcess node) {
        try {
            return Files.readString(node.log());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @FunctionalInterface
    private interface SmallDiskTest {
        void run(House house, Path data) throws Exception;
    }

    /** A node whose data lie on a file system of their own, with the collection. */
    private void onSmallDisk(
            Path directory, String size, Map<String, Object> settings, SmallDiskTest test)
            throws Exception {
        Path data = Files.createDirectories(directory.resolve("node-0").resolve("data"));
        Assumptions.assumeTrue(
                House.runs("mount", "-t", "tmpfs", "-o", size, "none", data.toString()),
                "this user cannot mount a tmpfs");
        try (House house = House.start(directory, 1, settings)) {
            house.client.createCollection(definition(), false);
            test.run(house, data);
        } finally {
            assertThat(House.runs("umount", "-l", data.toString())).isTrue();
        }
    }

    /** Leaves so many bytes. */
    private static Path fill(Path data, int left) throws IOException {
        Path ballast = data.resolve("ballast");
        byte[] block = new byte[1 << 20];
        try (OutputStream out = Files.newOutputStream(ballast)) {
            for (long more = usable(data) - left; more > 0; more = usable(data) - left) {
                out.write(block, 0, (int) Math.min(block.length, more));
            }
        }
        return ballast;
    }

    /** Those that a log keeps ahead; it makes others when there is room. */
    private static void deleteSpareLogFiles(Path data) throws IOException {
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().matches(".*/wal/spare-.*")) {
                    Files.delete(file);
                }
            }
        }
    }

    private static long usable(Path data) {
        return data.toFile().getUsableSpace();
    }

    /** Space returns: writes go on, and every acknowledged row is there, after a kill as well. */
    private void goesOnWithout(Path ballast, House house) throws IOException {
        Files.delete(ballast);
        goesOn(house);
    }

    private void goesOn(House house) {
        NodeProcess node = house.nodes.get(0);
        House.await(
                "a write", PATIENCE, () -> put(house).isEmpty(), () -> report(house).toString());
        int before = acknowledged;
        while (acknowledged < before + 40) {
            assertThat(put(house)).isEmpty();
        }
        assertThat(report(house).state()).isEqualTo("SERVING");
        assertReads(house);
        node.kill();
        node.restart();
        assertReads(house);
        assertThat(put(house)).isEmpty();
        assertReads(house);
    }

    /** Text that does not get smaller by compression, the same for the same row. */
    private static String text(int row) {
        byte[] bytes = new byte[1_500];
        new Random(row).nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Writes the next batch; gives why it failed, or nothing: it was acknowledged. */
    private String put(House house) {
        try (PointWriter writer =
                house.client.openWriter(COLLECTION, IMPATIENT, PointWriter.RejectionHandler.FAIL)) {
            for (int i = 0; i < BATCH; i++) {
                int row = acknowledged * BATCH + i;
                writer.write(
                        Point.upsert(
                                key(row), vector(row), metadata(row), new Version(0, row + 1L, 0)));
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

    private Map<String, Object> metadata(int row) {
        return fields.isEmpty()
                ? Map.of()
                : Map.of(
                        "text",
                        text(row),
                        "name",
                        "row " + row,
                        "size",
                        (long) row,
                        "share",
                        row / 7.0);
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

    private CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                DIMENSION,
                Metric.L2,
                HnswParams.DEFAULT,
                fields,
                1,
                1);
    }
}
