package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Hit;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.Token;
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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * A node is killed with SIGKILL again and again, in the middle of puts, upserts, deletes and
 * updates of metadata, while segments are sealed and merged and files of the log are used again.
 * What a writer was told is durable is there afterwards, what it deleted stays deleted, and no key
 * has a lower version (guarantees G1, G2, G5).
 *
 * <p>{@code -Dkill.rounds=N} kills N times; {@code -Pnightly} a thousand times.
 */
class AcknowledgedWritesSurviveKillsITCase {
    private static final int ROUNDS = Integer.getInteger("kill.rounds", 15);
    private static final String COLLECTION = "ledger";
    private static final int BURST = 60;
    private static final int LAST_BURST = 200;
    private static final int BURSTS_UNDER_WAY = 8;
    private static final int GET_KEYS = 1_000;

    /** So that segments are sealed and merged, and files of the log begun, all the time. */
    private static final Map<String, Object> SMALL =
            Map.of("engine.growing-segment-rows", 250, "wal.file-bytes", 1 << 20);

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** Gives up at the first failure: what it had under way stays in doubt. */
    private static final WriterOptions IMPATIENT =
            new WriterOptions(
                    "", 0, 0, 64, Duration.ofMillis(2), 16L << 20, Duration.ofMillis(200), false);

    /** Rounds after which everything must have happened, however slow the machine. */
    private static final int MOST = 2 * ROUNDS;

    /** Counts of a node's life, from its metrics, and what they must have grown to in the end. */
    private static final Map<String, Integer> MUST_HAPPEN =
            Map.of(
                    "arbalest_engine_segments_sealed_total", 2 * ROUNDS,
                    "arbalest_engine_segment_merges_total", ROUNDS / 2,
                    "arbalest_engine_rows_updated_in_place_total", 50 * ROUNDS,
                    "arbalest_engine_rows_stale_total", 20 * ROUNDS,
                    "arbalest_wal_files_reused_total", ROUNDS / 2);

    /** A burst and what became of it. */
    private record Burst(List<Ledger.Sent> rows, CompletableFuture<Token> flushed) {}

    @Test
    void noAcknowledgedRowIsLostAndNoDeleteComesBack(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        Ledger ledger = new Ledger(random);
        Map<String, Double> happened = new HashMap<>();
        int survivedInDoubt = 0;
        try (House house = House.start(directory, 1, SMALL)) {
            NodeProcess node = house.nodes.get(0);
            house.client.createCollection(definition(), false);
            for (int round = 1; round <= ROUNDS || (!enough(happened) && round <= MOST); round++) {
                boolean patient = random.nextInt(3) == 0;
                writeUntilKilled(house, ledger, random, patient, happened);
                if (random.nextInt(5) == 0) {
                    node.relaunch();
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(3_000));
                    node.kill();
                    node.restart();
                }
                survivedInDoubt += verify(house, ledger, "seed " + seed + ", round " + round);
            }
        }
        assertThat(ledger.resurrectionsTried()).isGreaterThan(10 * ROUNDS);
        assertThat(survivedInDoubt).as("rows in doubt that had become durable").isPositive();
        MUST_HAPPEN.forEach((name, least) ->
                assertThat(happened.getOrDefault(name, 0.0))
                        .as("%s over all lives", name)
                        .isGreaterThanOrEqualTo(least));
    }

    private static boolean enough(Map<String, Double> happened) {
        return MUST_HAPPEN.entrySet().stream()
                .allMatch(e -> happened.getOrDefault(e.getKey(), 0.0) >= e.getValue());
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                Ledger.DIMENSION,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(
                        new Field(Ledger.AMOUNT, FieldType.LONG),
                        new Field(Ledger.ORIGIN, FieldType.LONG)),
                2,
                1);
    }

    /**
     * Writes for a moment, kills the node with rows under way, and starts it again.
     *
     * @param patient whether the writer outlives the node and sends again what it had under way
     */
    private static void writeUntilKilled(
            House house,
            Ledger ledger,
            Random random,
            boolean patient,
            Map<String, Double> happened)
            throws Exception {
        NodeProcess node = house.nodes.get(0);
        Deque<Burst> underWay = new ArrayDeque<>();
        PointWriter writer =
                house.client.openWriter(
                        COLLECTION,
                        patient ? WriterOptions.DEFAULT : IMPATIENT,
                        PointWriter.RejectionHandler.FAIL);
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(200 + random.nextInt(700));
        while (System.nanoTime() < end) {
            underWay.add(burst(writer, ledger, BURST));
            while (underWay.size() > BURSTS_UNDER_WAY || isFlushed(underWay.peek())) {
                Burst first = underWay.remove();
                first.flushed().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                ledger.acknowledge(first.rows());
            }
        }
        house.metrics(node)
                .forEach((name, value) -> {
                    if (MUST_HAPPEN.containsKey(name)) {
                        happened.merge(name, value, Double::sum);
                    }
                });
        underWay.add(burst(writer, ledger, LAST_BURST));
        TimeUnit.MICROSECONDS.sleep(random.nextInt(20_000));
        node.kill();
        if (patient) {
            node.restart();
        }
        for (Burst burst : underWay) {
            boolean durable =
                    burst.flushed()
                            .handle((token, failure) -> failure == null)
                            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(durable || !patient).isTrue();
            if (!durable) {
                break;
            }
            ledger.acknowledge(burst.rows());
        }
        close(writer, patient);
        if (!patient) {
            node.restart();
        }
    }

    private static boolean isFlushed(Burst burst) {
        return burst != null && burst.flushed().isDone();
    }

    private static Burst burst(PointWriter writer, Ledger ledger, int rows) throws Exception {
        List<Ledger.Sent> sent = new ArrayList<>(rows);
        for (int i = 0; i < rows; i++) {
            Ledger.Sent next = ledger.next();
            writer.write(next.point());
            sent.add(next);
        }
        return new Burst(sent, writer.flush());
    }

    private static void close(PointWriter writer, boolean patient) {
        try {
            writer.close();
        } catch (ArbalestException | CompletionException e) {
            if (patient) {
                throw e;
            }
        }
    }

    /** Compares everything; gives how many rows were in doubt and turned out durable. */
    private static int verify(House house, Ledger ledger, String description) {
        Map<PointKey, Hit> found = new HashMap<>();
        List<PointKey> keys = ledger.keys();
        for (int from = 0; from < keys.size(); from += GET_KEYS) {
            found.putAll(
                    house.client.get(
                            COLLECTION,
                            keys.subList(from, Math.min(keys.size(), from + GET_KEYS)),
                            new GetOptions(null, true, Optional.empty(), PATIENCE)));
        }
        Ledger.Comparison comparison = ledger.settle(found);
        assertThat(comparison.lost()).as("lost acknowledgements, %s", description).isEmpty();
        assertThat(comparison.resurrected()).as("resurrected, %s", description).isEmpty();
        assertThat(comparison.lower()).as("lower versions, %s", description).isEmpty();
        assertThat(comparison.wrong()).as("neither old nor new, %s", description).isEmpty();
        assertThat(house.livePoints(COLLECTION))
                .as("visible points, %s", description)
                .isEqualTo(comparison.live());
        Map<PointKey, float[]> some = ledger.someLive(20);
        SearchResult nearest =
                house.client.search(
                        COLLECTION,
                        List.copyOf(some.values()),
                        SearchQuery.nearest(1).withExact(true));
        assertThat(nearest.missing()).isEmpty();
        assertThat(nearest.hits().stream().map(hits -> hits.get(0).key()).toList())
                .as("each point is nearest to itself, %s", description)
                .isEqualTo(List.copyOf(some.keySet()));
        return comparison.survived();
    }
}
