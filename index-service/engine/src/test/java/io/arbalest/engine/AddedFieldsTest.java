package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.testkit.FilterCases;
import io.arbalest.testkit.RandomCases;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Fields that are added, fields that are set to null and points that are deleted by filter, between
 * writes of old and new writers, restarts, seals and merges, against brute force.
 */
class AddedFieldsTest {
    /** A shard beside what it should hold: metadata by key, one value a field. */
    private static final class Case {
        private final SplittableRandom random;
        private final List<Field> fields;
        private final SimulatedShard sim;
        private final Map<PointKey, @Nullable Object[]> expected = new HashMap<>();
        private final String name;

        /** Fields that the shard knows, and that its writers may. */
        private int known;

        Case(long seed) {
            this.random = new SplittableRandom(seed);
            this.fields = new ArrayList<>(FilterCases.fields(random));
            this.known = fields.size();
            this.sim =
                    SimulatedShard.ofFields(
                            random.nextBoolean()
                                    ? EngineOptions.DEFAULT
                                    : EngineOptions.DEFAULT
                                            .withGrowingSegmentRows(128)
                                            .withUnlinkedTailRows(64),
                            fields,
                            RandomCases.random(seed));
            this.name = "seed " + seed;
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                switch (random.nextInt(5)) {
                    case 0 -> addField();
                    case 1 -> delete();
                    default -> write();
                }
                if (random.nextInt(6) == 0) {
                    if (random.nextBoolean()) {
                        sim.flushStore();
                    }
                    sim.crash();
                }
                if (random.nextBoolean()) {
                    sim.scheduler.runUntilIdle();
                    known = sim.shard.collection().fields().size();
                    assertThat(known).as(name).isEqualTo(fields.size());
                    for (int i = 0; i < 4; i++) {
                        check(FilterCases.filter(random, fields, random.nextInt(5)));
                    }
                    checkRows();
                }
            }
        }

        private void addField() {
            Field field = FilterCases.fieldToAdd(random, fields);
            fields.add(field);
            sim.addField(field);
            expected.replaceAll((_, values) -> {
                @Nullable Object[] more = Arrays.copyOf(values, fields.size());
                more[values.length] = field.defaultValue();
                return more;
            });
        }

        private void write() {
            int writer = random.nextInt(known + 1);
            Batches batch = sim.batch();
            Map<PointKey, @Nullable Object[]> next = new HashMap<>(expected);
            List<RowStatus> statuses = new ArrayList<>();
            for (int count = 1 + random.nextInt(60); count > 0; count--) {
                PointKey key = SimulatedShard.key(random.nextInt(200));
                @Nullable Object[] given = given(writer);
                @Nullable Object[] before = next.get(key);
                if (random.nextInt(3) == 0) {
                    batch.row(OperationKind.PATCH, key, null, null, given);
                    statuses.add(before == null ? RowStatus.REJECTED : RowStatus.APPLIED);
                    if (before != null) {
                        next.put(key, merged(before, given));
                    }
                } else {
                    batch.upsert(key, null, vector(), given);
                    statuses.add(RowStatus.APPLIED);
                    next.put(key, merged(defaults(), given));
                }
            }
            assertThat(sim.write(batch).statuses()).as(name).isEqualTo(statuses);
            expected.clear();
            expected.putAll(next);
        }

        /** Values of a writer that knows so many fields; some are null in so many words. */
        private @Nullable Object[] given(int writer) {
            @Nullable Object[] values = FilterCases.values(random, fields.subList(0, writer));
            for (int i = 0; i < values.length; i++) {
                if (values[i] == null && random.nextBoolean()) {
                    values[i] = ExplicitNull.NULL;
                }
            }
            return values;
        }

        private @Nullable Object[] defaults() {
            return fields.stream().map(Field::defaultValue).toArray();
        }

        private static @Nullable Object[] merged(
                @Nullable Object[] before, @Nullable Object[] given) {
            @Nullable Object[] merged = before.clone();
            for (int i = 0; i < given.length; i++) {
                if (given[i] != null) {
                    merged[i] = given[i] == ExplicitNull.NULL ? null : given[i];
                }
            }
            return merged;
        }

        private void delete() {
            Filter filter = FilterCases.filter(random, fields.subList(0, known), 2);
            Set<PointKey> doomed = matching(filter);
            assertThat(sim.deleteWhere(filter, true).deleted())
                    .as("%s: %s", name, filter)
                    .isEqualTo(doomed.size());
            DeleteResult result = sim.deleteWhere(filter, false);
            assertThat(result.deleted()).as("%s: %s", name, filter).isEqualTo(doomed.size());
            assertThat(result.changed()).as(name).isZero();
            assertThat(result.finished()).as(name).isTrue();
            expected.keySet().removeAll(doomed);
        }

        private Set<PointKey> matching(Filter filter) {
            Set<PointKey> keys = new HashSet<>();
            expected.forEach((key, values) -> {
                if (Boolean.TRUE.equals(FilterCases.holds(filter, fields, values))) {
                    keys.add(key);
                }
            });
            return keys;
        }

        private void check(Filter filter) {
            Set<PointKey> found = new HashSet<>();
            for (FoundRow row : search(filter)) {
                found.add(row.key());
                assertThat(row.metadata())
                        .as("%s: %s", name, row.key())
                        .containsExactly(Objects.requireNonNull(expected.get(row.key())));
            }
            assertThat(found).as("%s: %s", name, filter).isEqualTo(matching(filter));
        }

        private void checkRows() {
            List<PointKey> keys = new ArrayList<>(expected.keySet());
            List<@Nullable FoundRow> rows = sim.shard.get(keys, names(), false, 0, Long.MAX_VALUE);
            for (int i = 0; i < keys.size(); i++) {
                FoundRow row = Objects.requireNonNull(rows.get(i), name);
                assertThat(row.metadata())
                        .as("%s: %s", name, keys.get(i))
                        .containsExactly(Objects.requireNonNull(expected.get(keys.get(i))));
            }
            assertThat(sim.shard.statistics().livePoints()).as(name).isEqualTo(keys.size());
        }

        private List<String> names() {
            return fields.stream().map(Field::name).toList();
        }

        private List<FoundRow> search(Filter filter) {
            SearchSpec spec =
                    new SearchSpec(
                            200,
                            0,
                            random.nextBoolean(),
                            false,
                            filter,
                            Double.NEGATIVE_INFINITY,
                            names(),
                            false,
                            0,
                            Long.MAX_VALUE);
            return sim.shard.search(List.of(vector()), spec).rows().getFirst();
        }

        private float[] vector() {
            float[] vector = new float[SimulatedShard.DIMENSION];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = random.nextInt(-64, 64) / 16f;
            }
            return vector;
        }
    }

    @Test
    void everyRowHasWhatItWasGivenOrTheDefaultAndFiltersSeeIt() {
        RandomCases.run(25, (_, seed) -> new Case(seed).run(25));
    }

    private static final List<Field> FIELDS =
            List.of(new Field("color", FieldType.STRING), new Field("size", FieldType.LONG));

    private static SimulatedShard filled(int rows) {
        SimulatedShard sim = SimulatedShard.ofFields(EngineOptions.DEFAULT, FIELDS, null);
        Batches batch = sim.batch();
        for (int i = 0; i < rows; i++) {
            batch.upsert(
                    SimulatedShard.key(i),
                    null,
                    new float[SimulatedShard.DIMENSION],
                    "red",
                    (long) i);
        }
        sim.write(batch);
        return sim;
    }

    @Test
    void aRowThatChangesBetweenTheLookAndTheDeleteStays() {
        SimulatedShard sim = filled(3);
        boolean[] done = {false};
        DeleteResult result =
                sim.shard
                        .matching(
                                new Filter.Equal("color", "red"),
                                rows -> {
                                    if (!done[0]) {
                                        done[0] = true;
                                        sim.write(
                                                sim.batch()
                                                        .row(
                                                                OperationKind.PATCH,
                                                                SimulatedShard.key(1),
                                                                null,
                                                                null,
                                                                "blue",
                                                                null));
                                    }
                                    var future = sim.shard.write(0, rows);
                                    sim.scheduler.runUntil(
                                            future::isDone, java.time.Duration.ofMinutes(1));
                                    return future;
                                },
                                Long.MAX_VALUE)
                        .run(false);
        assertThat(result.deleted()).isEqualTo(2);
        assertThat(result.changed()).isEqualTo(1);
        assertThat(
                        sim
                                .shard
                                .get(
                                        List.of(
                                                SimulatedShard.key(0),
                                                SimulatedShard.key(1),
                                                SimulatedShard.key(2)),
                                        List.of("color"),
                                        false,
                                        0,
                                        Long.MAX_VALUE)
                                .stream()
                                .map(row -> row == null ? null : row.metadata()[0]))
                .containsExactly(null, "blue", null);
    }

    @Test
    void aDeleteEndsAlthoughRowsThatMatchKeepComing() {
        SimulatedShard sim = filled(2 * MatchingDelete.STEP_ROWS + 10);
        int[] more = {0};
        DeleteResult result =
                sim.shard
                        .matching(
                                null,
                                rows -> {
                                    sim.write(
                                            sim.batch()
                                                    .upsert(
                                                            SimulatedShard.key("new" + more[0]++),
                                                            null,
                                                            new float[SimulatedShard.DIMENSION],
                                                            "red",
                                                            1L));
                                    var future = sim.shard.write(0, rows);
                                    sim.scheduler.runUntil(
                                            future::isDone, java.time.Duration.ofMinutes(1));
                                    return future;
                                },
                                Long.MAX_VALUE)
                        .run(false);
        assertThat(result.deleted()).isEqualTo(2L * MatchingDelete.STEP_ROWS + 10);
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(more[0]);
        sim.crash();
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(more[0]);
    }

    @Test
    void aDeleteThatFailsHalfwayTellsHowManyItDeleted() {
        SimulatedShard sim = filled(MatchingDelete.STEP_ROWS + 10);
        ArbalestException refusal =
                new ArbalestException(ErrorCode.OVERLOADED, "a refusal of the test", "none");
        int[] steps = {0};
        MatchingDelete delete =
                sim.shard.matching(
                        new Filter.Equal("color", "red"),
                        rows -> {
                            if (steps[0]++ > 0) {
                                return CompletableFuture.failedFuture(refusal);
                            }
                            var future = sim.shard.write(0, rows);
                            sim.scheduler.runUntil(future::isDone, java.time.Duration.ofMinutes(1));
                            return future;
                        },
                        Long.MAX_VALUE);
        DeleteResult result = delete.run(false);
        assertThat(result.deleted()).isEqualTo(MatchingDelete.STEP_ROWS);
        assertThat(result.finished()).isFalse();
        assertThat(result.sequenceNumber()).isPositive();
        assertThat(Objects.requireNonNull(result.failure()).code()).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(result.failure().detail())
                .startsWith(MatchingDelete.STEP_ROWS + " points were deleted")
                .endsWith(refusal.detail());
        assertThat(sim.shard.statistics().livePoints()).isEqualTo(10);

        assertThatThrownBy(() ->
                        sim.shard
                                .matching(
                                        null,
                                        _ -> CompletableFuture.failedFuture(refusal),
                                        Long.MAX_VALUE)
                                .run(false))
                .isSameAs(refusal);
    }

    @Test
    void aFieldIsRefusedThatChangesAnotherAndJsonIsNotCompared() {
        SimulatedShard sim = filled(3);
        sim.addField(new Field("extra", FieldType.JSON));
        sim.scheduler.runUntilIdle();
        assertThat(sim.deleteWhere(new Filter.Not(new Filter.IsNull("extra")), true).deleted())
                .isZero();
        assertThatThrownBy(() -> sim.deleteWhere(new Filter.Equal("extra", "{}"), false))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.FILTER_TYPE_MISMATCH));
        assertThatThrownBy(() -> sim.definition.with(new Field("extra", FieldType.STRING)))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.FIELD_EXISTS));
        assertThat(sim.definition.with(new Field("extra", FieldType.JSON)))
                .isSameAs(sim.definition);
    }
}
