package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.WriterOptions;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * What a writer was told is durable is there after every node was killed once with SIGKILL, in the
 * middle of the writing, with rows in its log that its graph had not seen; and what it deleted does
 * not come back (guarantees G1, G2, G5).
 */
class AcknowledgedWritesSurviveKillsITCase {
    private static final String COLLECTION = "ledger";
    private static final int DIMENSION = 48;
    private static final int BATCH = 200;
    private static final int ROUNDS_PER_NODE = 25;

    /** So that segments are sealed and merged all the time. */
    private static final Map<String, Object> SMALL_SEGMENTS =
            Map.of("engine.growing-segment-rows", 300);

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** A key's expected last state; null vector: deleted. */
    private record Expected(Version version, float[] vector, long amount) {}

    @Test
    void noAcknowledgedRowIsLostAndNoDeleteComesBack(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        try (House house = House.start(directory, 3, SMALL_SEGMENTS)) {
            house.client.createCollection(definition(), false);
            Map<String, Expected> acknowledged = new HashMap<>();
            long version = 0;
            for (NodeProcess victim : house.nodes) {
                version = writeWithOneKill(house, victim, acknowledged, version, random);
            }
            verify(house, acknowledged, "seed " + seed);

            // and once more after a restart of everything at once
            house.nodes.forEach(NodeProcess::kill);
            house.nodes.forEach(NodeProcess::relaunch);
            house.nodes.forEach(NodeProcess::awaitReady);
            verify(house, acknowledged, "seed " + seed + ", after a restart of all nodes");
        }
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                DIMENSION,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(new Field("amount", FieldType.LONG)),
                3,
                1);
    }

    private static long writeWithOneKill(
            House house,
            NodeProcess victim,
            Map<String, Expected> acknowledged,
            long firstVersion,
            Random random)
            throws Exception {
        long version = firstVersion;
        try (PointWriter writer =
                house.client.openWriter(
                        COLLECTION, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL)) {
            for (int round = 0; round < ROUNDS_PER_NODE; round++) {
                Map<String, Expected> sent = new HashMap<>();
                for (int row = 0; row < BATCH; row++) {
                    String key = "k" + random.nextInt(6_000);
                    Version next = new Version(0, ++version, 0);
                    boolean delete = random.nextInt(10) == 0;
                    float[] vector = vector(random);
                    PointKey pointKey = PointKey.of(key);
                    writer.write(
                            delete
                                    ? Point.delete(pointKey, next)
                                    : Point.upsert(
                                            pointKey, vector, Map.of("amount", version), next));
                    sent.put(key, new Expected(next, delete ? new float[0] : vector, version));
                }
                var flushed = writer.flush();
                if (round == ROUNDS_PER_NODE / 2) {
                    // in the middle of the writing: this batch is in flight, earlier ones are not
                    // all linked
                    House.await(
                            "a tail on " + victim.name(),
                            PATIENCE,
                            () -> house.tailRows(COLLECTION, victim) > 0 || flushed.isDone(),
                            () -> "no tail");
                    victim.kill();
                    victim.restart();
                }
                flushed.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                acknowledged.putAll(sent);
            }
        }
        return version;
    }

    private static void verify(
            House house, Map<String, Expected> acknowledged, String description) {
        List<PointKey> keys = acknowledged.keySet().stream().map(PointKey::of).toList();
        Map<PointKey, Hit> found = new HashMap<>();
        for (int from = 0; from < keys.size(); from += 1_000) {
            found.putAll(
                    house.client.get(
                            COLLECTION,
                            keys.subList(from, Math.min(keys.size(), from + 1_000)),
                            new GetOptions(null, true, Optional.empty(), Duration.ofSeconds(30))));
        }
        List<String> wrong = new ArrayList<>();
        long live = 0;
        for (Map.Entry<String, Expected> entry : acknowledged.entrySet()) {
            Expected expected = entry.getValue();
            Hit hit = found.get(PointKey.of(entry.getKey()));
            boolean deleted = expected.vector().length == 0;
            live += deleted ? 0 : 1;
            if (deleted ? hit != null : !matches(expected, hit)) {
                wrong.add(entry.getKey() + " expected " + expected.version() + " got " + hit);
            }
        }
        assertThat(wrong).as("lost, stale or resurrected rows, %s", description).isEmpty();
        assertThat(house.livePoints(COLLECTION))
                .as("visible points, %s", description)
                .isEqualTo(live);
        Map.Entry<String, Expected> some =
                acknowledged.entrySet().stream()
                        .filter(entry -> entry.getValue().vector().length > 0)
                        .findFirst()
                        .orElseThrow();
        SearchResult nearest =
                house.client.search(
                        COLLECTION, List.of(some.getValue().vector()), SearchQuery.nearest(1));
        assertThat(nearest.missing()).isEmpty();
        assertThat(nearest.hits().get(0).get(0).key())
                .as(description)
                .isEqualTo(PointKey.of(some.getKey()));
    }

    private static boolean matches(Expected expected, @Nullable Hit hit) {
        if (hit == null || hit.vector() == null || !hit.version().equals(expected.version())) {
            return false;
        }
        short[] half = Point.upsert(hit.key(), expected.vector(), Map.of(), null).vector();
        return java.util.Arrays.equals(half, hit.vector())
                && Long.valueOf(expected.amount()).equals(hit.metadata().get("amount"));
    }

    private static float[] vector(Random random) {
        float[] vector = new float[DIMENSION];
        for (int component = 0; component < DIMENSION; component++) {
            vector[component] = (float) random.nextGaussian();
        }
        return vector;
    }
}
