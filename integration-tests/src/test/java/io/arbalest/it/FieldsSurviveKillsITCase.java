package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.ClientOptions;
import io.arbalest.client.DeletedPoints;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.SearchQuery;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A node is killed while a field is added, and while points are deleted by filter: after its
 * restart the field is there for all points or for none, a point is deleted with everything of it
 * or whole, and doing it again ends it.
 */
class FieldsSurviveKillsITCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String COLLECTION = "things";
    private static final int POINTS = 32_000;
    private static final int GROUPS = 4;
    private static final int GET_KEYS = 4_000;

    @Test
    void nothingIsHalfDone(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        Random random = new Random(seed);
        try (House house = House.start(directory, 1, Map.of());
                ArbalestClient other = connect(house)) {
            house.client.createCollection(definition(), false);
            house.client.write(COLLECTION, points());
            int interrupted = 0;
            for (int round = 0; round < GROUPS && (round < 2 || interrupted == 0); round++) {
                String name = "seed " + seed + ", round " + round;
                addField(house, other, "field" + round, random.nextInt(30), name);
                interrupted += delete(house, other, round, random.nextInt(10), name);
            }
            assertThat(interrupted).as("deletes that ended halfway, seed %d", seed).isPositive();
        }
    }

    /** A client of its own for the calls that the kill meets. */
    private static ArbalestClient connect(House house) {
        return ArbalestClient.connect(
                List.of(house.nodes.get(0).endpoint()), ClientOptions.DEFAULT);
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.INT64,
                4,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(new Field("part", FieldType.LONG)),
                2,
                1);
    }

    private static List<Point> points() {
        List<Point> points = new ArrayList<>();
        for (long key = 0; key < POINTS; key++) {
            points.add(
                    Point.upsert(
                            PointKey.of(key),
                            new float[] {key % 31, key % 7, 1, 0},
                            Map.of("part", key % GROUPS),
                            null));
        }
        return points;
    }

    /** Kills the node after the call has begun to show, or has ended, and a moment more. */
    private static @Nullable ArbalestException killDuring(
            House house, Runnable call, BooleanSupplier shows, int moreMillis) throws Exception {
        NodeProcess node = house.nodes.get(0);
        CompletableFuture<@Nullable ArbalestException> ended =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        call.run();
                        return null;
                    } catch (ArbalestException e) {
                        return e;
                    }
                });
        while (!ended.isDone() && !shows.getAsBoolean()) {
            Thread.onSpinWait();
        }
        TimeUnit.MILLISECONDS.sleep(moreMillis);
        node.kill();
        node.restart();
        ArbalestException failure = ended.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (failure != null) {
            assertThat(failure.code().number()).as(failure.getMessage()).isBetween(2000, 2999);
        }
        return failure;
    }

    private static void addField(
            House house, ArbalestClient client, String field, int afterMillis, String name)
            throws Exception {
        Field added = new Field(field, FieldType.LONG, true, 7L);
        ArbalestException failure =
                killDuring(
                        house, () -> client.addField(COLLECTION, added), () -> true, afterMillis);
        Map<PointKey, Hit> found = all(house);
        long with =
                found.values().stream()
                        .filter(hit -> Objects.equals(hit.metadata().get(field), 7L))
                        .count();
        assertThat(with).as("points with %s, %s", field, name).isIn(0L, (long) found.size());
        if (failure == null) {
            assertThat(with).as("acknowledged, %s", name).isEqualTo(found.size());
        }
        house.client.addField(COLLECTION, added);
        assertThat(all(house).values())
                .as(name)
                .allSatisfy(hit -> assertThat(hit.metadata().get(field)).isEqualTo(7L));
        assertThat(matching(house, field + " = 7")).as(name).isEqualTo(found.size());
    }

    /** Whether the delete was interrupted halfway: 0 or 1. */
    private static int delete(
            House house, ArbalestClient client, int part, int afterMillis, String name)
            throws Exception {
        long before = house.livePoints(COLLECTION);
        String filter = "part = " + part;
        long[] told = {0};
        ArbalestException unused =
                killDuring(
                        house,
                        () -> {
                            DeletedPoints deleted = client.deleteWhere(COLLECTION, options(filter));
                            told[0] = deleted.deleted();
                        },
                        () -> house.livePoints(COLLECTION) < before,
                        afterMillis);
        Map<PointKey, Hit> found = all(house);
        long left =
                found.values().stream()
                        .filter(hit -> Objects.equals(hit.metadata().get("part"), (long) part))
                        .count();
        long size = POINTS / GROUPS;
        assertThat(left).as("left, %s", name).isBetween(0L, size - told[0]);
        assertThat(found.size() - left).as("others, %s", name).isEqualTo(before - size);
        assertThat(house.livePoints(COLLECTION)).as(name).isEqualTo(found.size());
        assertThat(matching(house, filter)).as(name).isEqualTo(left);
        assertThat(house.client.deleteWhere(COLLECTION, filter, PATIENCE)).as(name).isEqualTo(left);
        assertThat(house.livePoints(COLLECTION)).as(name).isEqualTo(before - size);
        return left > 0 && left < size ? 1 : 0;
    }

    private static ArbalestClient.DeleteOptions options(String filter) {
        return new ArbalestClient.DeleteOptions(filter, false, false, Optional.empty(), PATIENCE);
    }

    /** How many points a filter finds in the graph, in the tail and in the postings. */
    private static long matching(House house, String filter) {
        DeletedPoints counted =
                house.client.deleteWhere(
                        COLLECTION,
                        new ArbalestClient.DeleteOptions(
                                filter, false, true, Optional.empty(), PATIENCE));
        assertThat(counted.finished()).isTrue();
        int k = 100;
        int hits =
                house.client
                        .search(
                                COLLECTION,
                                List.of(new float[] {1, 2, 1, 0}),
                                SearchQuery.nearest(k).withFilter(filter))
                        .hits()
                        .get(0)
                        .size();
        assertThat(hits).isEqualTo((int) Math.min(k, counted.deleted()));
        return counted.deleted();
    }

    private static Map<PointKey, Hit> all(House house) {
        Map<PointKey, Hit> found = new HashMap<>();
        for (long from = 0; from < POINTS; from += GET_KEYS) {
            List<PointKey> keys = new ArrayList<>();
            for (long key = from; key < from + GET_KEYS; key++) {
                keys.add(PointKey.of(key));
            }
            found.putAll(
                    house.client.get(
                            COLLECTION,
                            keys,
                            new GetOptions(null, false, Optional.empty(), PATIENCE)));
        }
        return found;
    }
}
