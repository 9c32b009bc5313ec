package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** Searches with any filter, between writes of every kind, against brute force. */
class FilteredSearchTest {
    /** What a key should have. */
    private record Expected(float[] vector, @Nullable Object[] values) {}

    /** A shard beside what it should hold. */
    private static final class Case {
        private final SplittableRandom random;
        private final List<Field> fields;
        private final SimulatedShard sim;
        private final Map<PointKey, Expected> expected = new HashMap<>();
        private final String name;

        Case(long seed) {
            this.random = new SplittableRandom(seed);
            this.fields = FilterCases.fields(random);
            this.sim =
                    SimulatedShard.ofFields(
                            random.nextBoolean()
                                    ? EngineOptions.DEFAULT
                                    : EngineOptions.DEFAULT
                                            .withGrowingSegmentRows(256)
                                            .withUnlinkedTailRows(64),
                            fields,
                            RandomCases.random(seed));
            this.name = "seed " + seed;
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                write();
                if (random.nextInt(8) == 0) {
                    sim.flushStore();
                    sim.crash();
                }
                if (random.nextBoolean()) {
                    sim.scheduler.runUntilIdle();
                }
                for (int i = 0; i < 4; i++) {
                    check(FilterCases.filter(random, fields, random.nextInt(5)));
                }
            }
        }

        private void write() {
            Batches batch = sim.batch();
            Map<PointKey, Expected> next = new HashMap<>(expected);
            List<RowStatus> statuses = new ArrayList<>();
            for (int count = 1 + random.nextInt(60); count > 0; count--) {
                PointKey key = SimulatedShard.key(random.nextInt(300));
                Expected before = next.get(key);
                @Nullable Object[] values = FilterCases.values(random, fields);
                float[] vector = vector();
                switch (random.nextInt(8)) {
                    case 0 -> {
                        batch.delete(key, null);
                        next.remove(key);
                        statuses.add(RowStatus.APPLIED);
                    }
                    case 1, 2 -> {
                        batch.row(OperationKind.PATCH, key, null, null, values);
                        statuses.add(before == null ? RowStatus.REJECTED : RowStatus.APPLIED);
                        if (before != null) {
                            next.put(key, new Expected(before.vector, patched(before, values)));
                        }
                    }
                    case 3 -> {
                        batch.upsert(key, null, null, values);
                        statuses.add(before == null ? RowStatus.REJECTED : RowStatus.APPLIED);
                        if (before != null) {
                            next.put(key, new Expected(before.vector, values));
                        }
                    }
                    case 4 -> {
                        float[] same = before == null ? vector : before.vector;
                        batch.upsert(key, null, same, values);
                        next.put(key, new Expected(same, values));
                        statuses.add(RowStatus.APPLIED);
                    }
                    default -> {
                        batch.upsert(key, null, vector, values);
                        next.put(key, new Expected(vector, values));
                        statuses.add(RowStatus.APPLIED);
                    }
                }
            }
            assertThat(sim.write(batch).statuses()).as(name).isEqualTo(statuses);
            expected.clear();
            expected.putAll(next);
        }

        private static @Nullable Object[] patched(Expected before, @Nullable Object[] values) {
            @Nullable Object[] merged = before.values.clone();
            for (int i = 0; i < merged.length; i++) {
                merged[i] = values[i] == null ? merged[i] : values[i];
            }
            return merged;
        }

        private float[] vector() {
            float[] vector = new float[SimulatedShard.DIMENSION];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = random.nextInt(-64, 64) / 16f;
            }
            return vector;
        }

        private void check(Filter filter) {
            float[] query = vector();
            int k = 1 + random.nextInt(20);
            List<Double> best =
                    expected.values().stream()
                            .filter(row ->
                                    Boolean.TRUE.equals(
                                            FilterCases.holds(filter, fields, row.values)))
                            .map(row -> score(query, row.vector))
                            .sorted((a, b) -> Double.compare(b, a))
                            .limit(k)
                            .toList();
            for (FilterPlan plan : FilterPlan.values()) {
                List<FoundRow> found = search(query, k, filter, plan);
                assertThat(found).as("%s, %s: %s", name, plan, filter).hasSize(best.size());
                for (FoundRow row : found) {
                    Expected point = Objects.requireNonNull(expected.get(row.key()), name);
                    assertThat(row.metadata()).as(name).containsExactly(point.values);
                    assertThat(FilterCases.holds(filter, fields, point.values))
                            .as("%s, %s: %s", name, plan, filter)
                            .isTrue();
                    assertThat(row.score()).as(name).isEqualTo(score(query, point.vector));
                }
                checkHeads(query, k, filter, plan, found);
                if (plan == FilterPlan.EXACT) {
                    assertThat(found.stream().map(FoundRow::score)).isEqualTo(best);
                }
            }
        }

        /** Keys and versions alone are read elsewhere, where the segment is sealed. */
        private void checkHeads(
                float[] query, int k, Filter filter, FilterPlan plan, List<FoundRow> found) {
            List<FoundRow> heads = search(query, k, filter, plan, List.of());
            assertThat(heads.stream().map(FoundRow::score))
                    .as("%s, %s: %s", name, plan, filter)
                    .isEqualTo(found.stream().map(FoundRow::score).toList());
            for (FoundRow head : heads) {
                FoundRow row =
                        sim.shard
                                .get(List.of(head.key()), List.of(), false, 0, Long.MAX_VALUE)
                                .getFirst();
                assertThat(Objects.requireNonNull(row, name).version())
                        .as(name)
                        .isEqualTo(head.version());
            }
        }

        private List<FoundRow> search(float[] query, int k, Filter filter, FilterPlan plan) {
            return search(query, k, filter, plan, fields.stream().map(Field::name).toList());
        }

        private List<FoundRow> search(
                float[] query, int k, Filter filter, FilterPlan plan, List<String> wanted) {
            SearchSpec spec =
                    new SearchSpec(
                                    k,
                                    0,
                                    false,
                                    false,
                                    filter,
                                    Double.NEGATIVE_INFINITY,
                                    wanted,
                                    false,
                                    0,
                                    Long.MAX_VALUE)
                            .withPlan(plan);
            return sim.shard.search(List.of(query), spec).rows().getFirst();
        }

        private static double score(float[] query, float[] vector) {
            double distance = 0;
            for (int i = 0; i < query.length; i++) {
                double difference = (double) query[i] - vector[i];
                distance += difference * difference;
            }
            return -distance;
        }
    }

    @Test
    void everySearchReturnsWhatMatchesAndAsManyAsThereAre() {
        RandomCases.run(15, (_, seed) -> new Case(seed).run(12));
    }

    @Test
    void anUpdateOfMetadataStoresNoVectorAndTouchesNoGraph() {
        List<Field> fields =
                List.of(new Field("a", FieldType.LONG), new Field("b", FieldType.STRING));
        SimulatedShard sim = SimulatedShard.ofFields(EngineOptions.DEFAULT, fields, null);
        Batches rows = sim.batch();
        for (int i = 0; i < 200; i++) {
            rows.upsert(SimulatedShard.key(i), null, vector(i), (long) i, "x");
        }
        sim.write(rows);
        sim.scheduler.runUntilIdle();
        ShardStatistics before = sim.shard.statistics();
        Batches updates = sim.batch();
        for (int i = 0; i < 200; i++) {
            switch (i % 3) {
                case 0 ->
                        updates.row(
                                OperationKind.PATCH, SimulatedShard.key(i), null, null, null, "y");
                case 1 -> updates.upsert(SimulatedShard.key(i), null, null, (long) i, "y");
                default -> updates.upsert(SimulatedShard.key(i), null, vector(i), (long) i, "y");
            }
        }
        assertThat(sim.write(updates).statuses()).containsOnly(RowStatus.APPLIED);
        ShardStatistics after = sim.shard.statistics();
        assertThat(after.linkedPoints()).isEqualTo(before.linkedPoints());
        assertThat(after.tailPoints()).isEqualTo(before.tailPoints());
        assertThat(after.livePoints()).isEqualTo(200);
        SearchSpec spec =
                new SearchSpec(
                        200,
                        0,
                        false,
                        false,
                        new Filter.Equal("b", "y"),
                        Double.NEGATIVE_INFINITY,
                        List.of("a", "b"),
                        false,
                        0,
                        Long.MAX_VALUE);
        ShardSearchResult found = sim.shard.search(List.of(vector(3)), spec);
        assertThat(found.rows().getFirst()).hasSize(200);
        assertThat(found.plans()).hasSize(1);
        assertThat(found.plans().getFirst().matching()).isEqualTo(200);
        sim.flushStore();
        sim.crash();
        assertThat(sim.shard.search(List.of(vector(3)), spec).rows().getFirst()).hasSize(200);
    }

    @Test
    void segmentsOfWhichNoRowMatchesTakeNoTime() {
        List<Field> fields = List.of(new Field("a", FieldType.LONG));
        SimulatedShard sim = SimulatedShard.ofFields(EngineOptions.DEFAULT, fields, null);
        sim.write(sim.batch().upsert(SimulatedShard.key(1), null, vector(1), 1L));
        SearchSpec spec =
                new SearchSpec(
                        10,
                        0,
                        false,
                        false,
                        new Filter.Equal("a", 2L),
                        Double.NEGATIVE_INFINITY,
                        List.of(),
                        false,
                        0,
                        sim.clock.monotonicNanos());
        assertThat(sim.shard.search(List.of(vector(1)), spec).deadlineReached()).isFalse();
    }

    @Test
    void aRowThatIsChangedWhileItIsReadIsReturnedOnlyAsItMatches() {
        for (int read = 1; read <= 4; read++) {
            List<Field> fields =
                    List.of(
                            new Field("a", FieldType.LONG),
                            new Field("b", FieldType.STRING, false));
            SimulatedShard sim = SimulatedShard.ofFields(EngineOptions.DEFAULT, fields, null);
            FailingStore store = new FailingStore();
            sim.stores = () -> store;
            sim.restart();
            String wide = "x".repeat(2000); // what is read of the store, each time
            sim.write(sim.batch().upsert(SimulatedShard.key(1), null, vector(1), 1L, wide));
            Filter filter = new Filter.Equal("a", 1L);
            int behindTheFirst = read;
            store.meanwhileReading =
                    () -> {
                        change(sim, null, wide + "y"); // so that the filter is asked again
                        store.meanwhileReading = () -> change(sim, 2L, null);
                        store.readsUntilThen = behindTheFirst;
                    };
            assertThat(search(sim, filter)).as("the filter is answered").hasSize(1);
            store.readsUntilThen = 1;
            assertThat(search(sim, filter))
                    .as("changed before read %s", read)
                    .allSatisfy(row -> assertThat(row.metadata()[0]).isEqualTo(1L));
            assertThat(store.readsUntilThen).as("reads that were not made").isLessThan(read);
        }
    }

    private static void change(SimulatedShard sim, @Nullable Long a, @Nullable String b) {
        Batches patch = sim.batch();
        patch.row(OperationKind.PATCH, SimulatedShard.key(1), null, null, a, b);
        assertThat(sim.write(patch).statuses()).containsExactly(RowStatus.APPLIED);
    }

    private static List<FoundRow> search(SimulatedShard sim, Filter filter) {
        SearchSpec spec =
                new SearchSpec(
                        10,
                        0,
                        false,
                        false,
                        filter,
                        Double.NEGATIVE_INFINITY,
                        List.of("a"),
                        false,
                        0,
                        Long.MAX_VALUE);
        return sim.shard.search(List.of(vector(1)), spec).rows().getFirst();
    }

    private static float[] vector(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] vector = new float[SimulatedShard.DIMENSION];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = random.nextInt(-64, 64) / 16f;
        }
        return vector;
    }
}
