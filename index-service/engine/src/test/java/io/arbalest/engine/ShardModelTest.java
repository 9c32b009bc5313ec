package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;
import io.arbalest.testkit.BruteForceIndex;
import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimDisk;
import io.arbalest.wal.RecordType;

import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** A shard against a map, through random writes, tasks in random order, crashes and searches. */
final class ShardModelTest {
    private static final int KEYS = 60;
    private static final @Nullable String[] COLORS = {"red", "green", "blue", null};

    /** Every moment between two steps of a change on disk. */
    static final List<String> CRASH_POINTS =
            List.of(
                    "seal.packed",
                    "merge.packed",
                    "segment.written",
                    "segment.renamed",
                    "segment.published",
                    "store.before-flush",
                    "store.flushed",
                    "commit-point.before-publish",
                    "commit-point.published",
                    "commit-point.older-removed",
                    "segment.shown",
                    "segment.files-removed",
                    "log.before-release",
                    "log.released");

    /** How often a run was ended at each of them. */
    private static final Map<String, Integer> crashed = new TreeMap<>();

    /** What a key should have. */
    private record Expected(
            Version version,
            float @Nullable [] vector,
            @Nullable String color,
            long sequenceNumber) {}

    private record Sent(int rows, CompletableFuture<WriteResult> future) {
        boolean acknowledged() {
            return future.isDone() && !future.isCompletedExceptionally();
        }
    }

    /** One random run. */
    private static final class Run {
        final RandomGenerator random;
        final SimulatedShard sim;
        final Metric metric;
        final boolean onDisk;

        /** Where this run crashes more often than elsewhere. */
        final String preferred;

        final Map<PointKey, Expected> model = new HashMap<>();
        final List<Sent> sent = new ArrayList<>();
        int checkedRecords;
        long sequenceNumber;
        @Nullable Version horizon;

        Run(RandomGenerator random, long seed, boolean onDisk) {
            this.random = random;
            this.preferred = CRASH_POINTS.get(Math.floorMod(seed, CRASH_POINTS.size()));
            this.metric = List.of(Metric.L2, Metric.IP, Metric.COSINE).get(random.nextInt(3));
            EngineOptions options =
                    EngineOptions.DEFAULT
                            .withGrowingSegmentRows(20 + random.nextInt(100))
                            .withUnlinkedTailRows(4 + random.nextInt(40))
                            .withIndexerThreads(1 + random.nextInt(2))
                            .withTombstoneRetention(Duration.ofSeconds(60));
            this.sim =
                    new SimulatedShard(options.withWalFileBytes(1 << 18), metric, random, onDisk);
            this.onDisk = onDisk;
        }

        void run() {
            int steps = 250;
            for (int step = 0; step < steps; step++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> send();
                    case 3, 4, 5, 6, 7 -> work(random.nextInt(60));
                    case 8 -> check();
                    default -> disaster();
                }
            }
            work(Integer.MAX_VALUE);
            check();
            crash();
            check();
            work(Integer.MAX_VALUE);
            check();
        }

        /** Runs tasks; a crash point may end the process meanwhile. */
        void work(int tasks) {
            try {
                for (int i = 0; i < tasks && sim.scheduler.runOne(); i++) {
                    if (sim.endedInStore()) { // whoever wrote may have caught the crash itself
                        throw new SimulatedShard.Crash(SimulatedShard.STORE_WRITTEN);
                    }
                }
            } catch (SimulatedShard.Crash e) {
                crashed.merge(Objects.requireNonNull(e.getMessage()), 1, Integer::sum);
                crash();
                check();
            }
        }

        void disaster() {
            switch (random.nextInt(12)) {
                case 0, 1 -> crash();
                case 2 ->
                        fail(
                                random.nextBoolean()
                                        ? SimDisk.Fault.IO_ERROR
                                        : SimDisk.Fault.NO_SPACE);
                case 3 -> fail(SimDisk.Fault.POWER_CUT);
                case 4, 5 -> sim.flushStore();
                case 9 -> sim.clock.advance(Duration.ofSeconds(random.nextInt(60)));
                case 6, 7 -> sim.crashAt(preferred, 1 + random.nextInt(2));
                case 8 ->
                        sim.crashAt(
                                CRASH_POINTS.get(random.nextInt(CRASH_POINTS.size())),
                                1 + random.nextInt(2));
                case 10, 11 -> sim.endAtStoreWrite(1 + random.nextInt(4));
                default -> {}
            }
        }

        void fail(SimDisk.Fault fault) {
            if (onDisk) {
                SimDisk.Operation[] operations = SimDisk.Operation.values();
                sim.disk.failAt(
                        operations[random.nextInt(operations.length)], random.nextInt(4), fault);
            }
        }

        void send() {
            Batches batch = sim.batch();
            for (int i = 1 + random.nextInt(12); i > 0; i--) {
                PointKey key = SimulatedShard.key(random.nextInt(KEYS));
                Version version =
                        random.nextInt(4) == 0
                                ? null
                                : new Version(
                                        random.nextInt(2), random.nextInt(20), random.nextInt(3));
                if (random.nextInt(5) == 0) {
                    batch.delete(key, version);
                } else {
                    batch.upsert(key, version, vector(), COLORS[random.nextInt(COLORS.length)], 1L);
                }
            }
            sent.add(new Sent(batch.rows(), sim.shard.write(0, batch.build())));
        }

        /** Few distinct values, so that equal scores and equal vectors occur. */
        float[] vector() {
            float[] vector = new float[SimulatedShard.DIMENSION];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = Binary16.toFloat(Binary16.fromFloat(1 + random.nextInt(4) - 2.5f));
            }
            return vector;
        }

        void crash() {
            List<Sent> acknowledged = sent.stream().filter(Sent::acknowledged).toList();
            sim.crash();
            assertThat(sim.shard.statistics().error()).isEmpty();
            assertThat(sim.shard.state()).isEqualTo(ShardState.SERVING);
            for (Sent one : acknowledged) {
                assertThat(sim.shard.statistics().appliedSequenceNumber())
                        .isGreaterThanOrEqualTo(one.future().join().sequenceNumber());
            }
            sent.clear();
        }

        /**
         * Applies to the model what the shard says it has applied: the log's records, in their
         * order.
         */
        void follow() {
            long applied = sim.shard.statistics().appliedSequenceNumber();
            while (checkedRecords < sim.medium.records.size()) {
                MemoryLog.Stored record = sim.medium.records.get(checkedRecords);
                if (record.first() > applied) {
                    break;
                }
                if (record.type() == RecordType.HORIZON) {
                    assertThat(++sequenceNumber).isEqualTo(record.first());
                    purge(HorizonFormat.decode(MemorySegment.ofArray(record.body())));
                    checkedRecords++;
                    continue;
                }
                LoggedRows rows =
                        RowFormat.decode(
                                MemorySegment.ofArray(record.body()),
                                record.rowCount(),
                                sim.definition);
                for (int i = 0; i < rows.rows(); i++) {
                    assertThat(++sequenceNumber).isEqualTo(record.first() + i);
                    apply(rows, i);
                }
                checkedRecords++;
            }
            assertThat(sequenceNumber).isEqualTo(applied);
        }

        void purge(long upTo) {
            model.values()
                    .removeIf(expected -> {
                        boolean old =
                                expected.vector() == null && expected.sequenceNumber() <= upTo;
                        if (old && (horizon == null || expected.version().compareTo(horizon) > 0)) {
                            horizon = expected.version();
                        }
                        return old;
                    });
        }

        void apply(LoggedRows rows, int row) {
            PointKey key = rows.keys()[row];
            Expected current = model.get(key);
            Version given = rows.versions()[row];
            if (current == null
                    && given != null
                    && rows.values()[row] != null
                    && horizon != null
                    && given.compareTo(horizon) <= 0) {
                return;
            }
            if (given == null) {
                given =
                        current == null
                                ? new Version(0, 0, sequenceNumber)
                                : new Version(
                                        current.version().generation(),
                                        current.version().version(),
                                        current.version().tiebreak() + 1);
            } else if (current != null && given.compareTo(current.version()) <= 0) {
                return;
            }
            float[] vector = null;
            String color = null;
            @Nullable Object @Nullable [] values = rows.values()[row];
            if (values != null) {
                vector = new float[SimulatedShard.DIMENSION];
                color = (String) values[0];
                for (int i = 0; i < vector.length; i++) {
                    short half =
                            rows.vectors()
                                    .get(
                                            ValueLayout.JAVA_SHORT_UNALIGNED,
                                            rows.vectorOffsets()[row] + 2L * i);
                    vector[i] = Binary16.toFloat(half);
                }
            }
            model.put(key, new Expected(given, vector, color, sequenceNumber));
        }

        void check() {
            if (onDisk && sim.shard.state() == ShardState.FAILED) {
                refusedUntilTheNextStart();
            }
            follow();
            for (Sent one : sent) {
                if (one.acknowledged()) {
                    WriteResult result = one.future().join();
                    assertThat(result.statuses()).hasSize(one.rows());
                    assertThat(result.errors().values())
                            .allMatch(e -> e.code() == ErrorCode.VERSION_BELOW_HORIZON)
                            .hasSize(Collections.frequency(result.statuses(), RowStatus.REJECTED));
                    assertThat(result.sequenceNumber()).isLessThanOrEqualTo(sequenceNumber);
                }
            }
            BruteForceIndex<PointKey> truth =
                    new BruteForceIndex<>(metric, SimulatedShard.DIMENSION);
            long tombstones = 0;
            for (int i = 0; i < KEYS; i++) {
                PointKey key = SimulatedShard.key(i);
                Expected expected = model.get(key);
                if (expected == null || expected.vector() == null) {
                    assertThat(sim.get(key)).isNull();
                    tombstones += expected == null ? 0 : 1;
                } else {
                    FoundRow found = sim.require(key);
                    assertThat(found.version()).isEqualTo(expected.version());
                    assertThat(found.metadata()).containsExactly(expected.color(), 1L);
                    assertThat(floats(found.vector())).isEqualTo(expected.vector());
                    truth.put(key, expected.vector());
                }
            }
            assertThat(sim.shard.statistics().livePoints()).isEqualTo(truth.size());
            assertThat(sim.shard.statistics().tombstones()).isEqualTo(tombstones);
            checkSearches(truth);
        }

        /** A file could not be read; the shard must say so rather than answer with less. */
        void refusedUntilTheNextStart() {
            assertThatThrownBy(() -> sim.get(SimulatedShard.key(0)))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.SEGMENT_CORRUPT));
            crash();
        }

        void checkSearches(BruteForceIndex<PointKey> truth) {
            float[] query = vector();
            int k = 1 + random.nextInt(KEYS);
            List<FoundRow> exact = sim.search(query, k, true, null);
            List<BruteForceIndex.Hit<PointKey>> best = truth.search(query, k);
            assertThat(exact).hasSize(best.size());
            for (int i = 0; i < best.size(); i++) {
                assertThat(exact.get(i).score())
                        .isCloseTo(best.get(i).score(), Offset.offset(1e-9));
            }
            List<FoundRow> walked = sim.search(query, k, false, null);
            assertThat(walked).hasSize(Math.min(k, truth.size()));
            assertThat(walked).isSortedAccordingTo(FoundRow.BEST_FIRST);
            String color = Objects.requireNonNull(COLORS[random.nextInt(3)]);
            List<FoundRow> filtered = sim.search(query, k, false, new Filter.Equal("color", color));
            long matches =
                    model.values().stream()
                            .filter(e -> e.vector() != null && color.equals(e.color()))
                            .count();
            assertThat(filtered).hasSize((int) Math.min(k, matches));
            assertThat(filtered).allMatch(row -> color.equals(row.metadata()[0]));
            assertThat(filtered).extracting(FoundRow::key).doesNotHaveDuplicates();
        }
    }

    private static float[] floats(short @Nullable [] given) {
        short[] halves = Objects.requireNonNull(given);
        float[] floats = new float[halves.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Binary16.toFloat(halves[i]);
        }
        return floats;
    }

    @Test
    void theShardDoesWhatTheModelDoes() {
        RandomCases.run(30, (random, seed) -> new Run(random, seed, false).run());
    }

    /** In particular, between any two writes the store stands where its rows do. */
    @Test
    void acknowledgedRowsOutliveTheDisk() {
        RandomCases.runUntil(
                60,
                1_000,
                () ->
                        crashed.keySet().containsAll(CRASH_POINTS)
                                && crashed.containsKey(SimulatedShard.STORE_WRITTEN),
                (random, seed) -> {
                    Run run = new Run(random, seed, true);
                    run.run();
                    assertThat(run.sim.crashPointsMet())
                            .as("points at which no run is ended")
                            .isSubsetOf(CRASH_POINTS);
                });
    }
}
