package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** When a growing graph asks for codes, writes them, goes by them and drops them. */
class CandidateCodesTest {
    private static final int DIMENSION = 24;
    private static final int POINTS = 6000;
    private static final int M = 8;
    private static final int EF_CONSTRUCTION = 64;

    private final Cases cases = new Cases(DIMENSION, 40, Cases.SEED);

    /** The vectors themselves in the place of codes; says what is done with them. */
    private static final class Recorded implements CandidateCodes {
        private final VectorTable vectors;
        private final AtomicIntegerArray written;
        private final AtomicInteger unwritten = new AtomicInteger(); // were scored all the same
        private final AtomicInteger scored = new AtomicInteger();
        private final int wrongFrom; // codes of points from here on say nothing
        private final int roomFor;
        private final int[] first;
        private boolean closed;

        Recorded(VectorTable vectors, int[] first, int wrongFrom, int roomFor) {
            this.vectors = vectors;
            this.first = first;
            this.wrongFrom = wrongFrom;
            this.roomFor = roomFor;
            written = new AtomicIntegerArray(vectors.capacity());
            for (int point : first) {
                written.set(point, 1);
            }
        }

        @Override
        public Linking newLinking() {
            PreparedQuery query = vectors.newQuery();
            return new Linking() {
                private boolean wrong;

                @Override
                public boolean begin(int ordinal) {
                    if (ordinal >= roomFor) {
                        return false;
                    }
                    written.set(ordinal, 1);
                    wrong = ordinal >= wrongFrom;
                    vectors.prepareStored(ordinal, query);
                    return true;
                }

                @Override
                public void fetch(int[] ordinals, int count) {}

                @Override
                public void scoreFetched(int[] ordinals, int count, float[] scores) {
                    vectors.score(query, ordinals, count, scores);
                    scored.addAndGet(count);
                    for (int i = 0; i < count; i++) {
                        unwritten.addAndGet(1 - written.get(ordinals[i]));
                        if (wrong) {
                            scores[i] = ordinals[i] * 0x9e3779b1; // an order of their own
                        }
                    }
                }
            };
        }

        @Override
        public long sizeBytes() {
            return 1 << 30;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    /** What a graph asks for, and what it was given. */
    private static final class Asked implements CandidateCodes.Source {
        private final int wrongFrom;
        private final int roomFor;
        private int times;
        private @Nullable Recorded given;

        Asked(int wrongFrom, int roomFor) {
            this.wrongFrom = wrongFrom;
            this.roomFor = roomFor;
        }

        Recorded given() {
            return Objects.requireNonNull(given);
        }

        @Override
        public CandidateCodes of(VectorTable vectors, int[] points) {
            times++;
            given = new Recorded(vectors, points, wrongFrom, roomFor);
            return given;
        }
    }

    private GrowingGraph graph(VectorTable table, CandidateCodes.Source codes) {
        return new GrowingGraph(table, M, EF_CONSTRUCTION, 7, table.capacity(), codes);
    }

    private static void link(GrowingGraph graph, int from, int to) {
        for (int ordinal = from; ordinal < to; ordinal++) {
            graph.link(ordinal);
        }
    }

    private static List<int[]> lists(GrowingGraph graph) {
        List<int[]> lists = new ArrayList<>();
        int[] list = new int[2 * M];
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            lists.add(Arrays.copyOf(list, graph.source().neighbors(ordinal, 0, list)));
        }
        return lists;
    }

    private static void assertSame(GrowingGraph left, GrowingGraph right) {
        List<int[]> lists = lists(left);
        List<int[]> others = lists(right);
        for (int ordinal = 0; ordinal < POINTS; ordinal++) {
            assertThat(lists.get(ordinal))
                    .as("point %s, seed %s", ordinal, Cases.SEED)
                    .isEqualTo(others.get(ordinal));
        }
    }

    @Test
    void codesThatScoreAsVectorsDoMakeTheSameGraph() {
        Asked asked = new Asked(POINTS, POINTS);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph byCodes = graph(table, asked)) {
            cases.fill(table, POINTS, 0);
            link(byVectors, 0, POINTS);
            link(byCodes, 0, GrowingGraph.CODES_FROM);
            assertThat(asked.times).isZero();
            link(byCodes, GrowingGraph.CODES_FROM, POINTS);
            assertThat(asked.times).isOne();
            assertThat(asked.given().first).hasSize(GrowingGraph.CODES_FROM);
            assertThat(asked.given().scored.get()).isPositive();
            assertThat(byCodes.sizeBytes()).isGreaterThan(1 << 30);
            assertSame(byVectors, byCodes);
            assertThat(byCodes.releaseCodes()).isTrue();
            assertThat(asked.given().closed).isTrue();
            assertThat(byCodes.releaseCodes()).isFalse();
        }
        assertThat(asked.times).isOne();
    }

    /** No point is scored by a code that was not written, whenever and by whom it was linked. */
    @Test
    void everyPointHasItsCodeBeforeAnybodyMeetsIt() throws Exception {
        Asked asked = new Asked(POINTS, POINTS);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.IP, POINTS);
                GrowingGraph graph = graph(table, asked);
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            cases.fill(table, POINTS, 1);
            AtomicInteger next = new AtomicInteger();
            List<Future<?>> linking = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                linking.add(
                        pool.submit(() -> {
                            int ordinal = next.getAndIncrement();
                            for (; ordinal < POINTS; ordinal = next.getAndIncrement()) {
                                graph.link(ordinal);
                            }
                        }));
            }
            for (Future<?> each : linking) {
                each.get();
            }
            assertThat(graph.linkedCount()).isEqualTo(POINTS);
            assertThat(asked.times).isOne();
            assertThat(asked.given().first.length)
                    .isBetween(GrowingGraph.CODES_FROM, GrowingGraph.CODES_FROM + 4);
            assertThat(asked.given().scored.get()).isPositive();
            assertThat(asked.given().unwritten.get()).isZero();
        }
    }

    /** Points for which codes find nothing are linked as without, and soon there are none. */
    @Test
    void codesThatFitNoMoreAreFoundOutAtEachPointAndThenDropped() {
        int wrongFrom = 3000;
        Asked asked = new Asked(wrongFrom, POINTS);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph byCodes = graph(table, asked)) {
            cases.fill(table, POINTS, 0);
            link(byVectors, 0, POINTS);
            link(byCodes, 0, wrongFrom);
            assertThat(asked.given().closed).isFalse();
            link(byCodes, wrongFrom, wrongFrom + 2048);
            assertThat(asked.given().closed).isTrue();
            assertThat(byCodes.sizeBytes()).isLessThan(1 << 30);
            link(byCodes, wrongFrom + 2048, POINTS);
            assertThat(asked.times).isOne();
            int same = 0;
            List<int[]> lists = lists(byCodes);
            List<int[]> others = lists(byVectors);
            for (int ordinal = wrongFrom; ordinal < POINTS; ordinal++) {
                same += Arrays.equals(lists.get(ordinal), others.get(ordinal)) ? 1 : 0;
            }
            assertThat(same)
                    .as("of %s, seed %s", POINTS - wrongFrom, Cases.SEED)
                    .isGreaterThan((POINTS - wrongFrom) * 99 / 100);
        }
    }

    @Test
    void withoutRoomForAnotherCodePointsAreLinkedWithout() {
        Asked asked = new Asked(POINTS, 4000);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.COSINE, POINTS);
                GrowingGraph byVectors = graph(table, CandidateCodes.NONE);
                GrowingGraph byCodes = graph(table, asked)) {
            cases.fill(table, POINTS, 0);
            link(byVectors, 0, POINTS);
            link(byCodes, 0, 4000);
            assertThat(asked.given().closed).isFalse();
            link(byCodes, 4000, POINTS);
            assertThat(asked.given().closed).isTrue();
            assertThat(asked.times).isOne();
            assertThat(byCodes.linkedCount()).isEqualTo(POINTS);
            assertSame(byVectors, byCodes);
        }
    }

    /** Too few candidates for a margin of error. */
    @Test
    void shortWalksGoWithoutCodes() {
        Asked asked = new Asked(POINTS, POINTS);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, 3000);
                GrowingGraph graph =
                        new GrowingGraph(table, M, EF_CONSTRUCTION - 1, 7, 3000, asked)) {
            cases.fill(table, 3000, 0);
            link(graph, 0, 3000);
            assertThat(asked.times).isZero();
        }
    }

    /** A graph taken over has codes at its first link, if enough is left to link. */
    @Test
    void takenOverPointsHaveCodes() {
        Asked asked = new Asked(POINTS, POINTS);
        Asked full = new Asked(POINTS, POINTS);
        int[] same = new int[3000];
        Arrays.setAll(same, i -> i);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS);
                GrowingGraph source = graph(table, CandidateCodes.NONE);
                GrowingGraph grown = graph(table, asked);
                GrowingGraph little = new GrowingGraph(table, M, 64, 7, 3001, full)) {
            cases.fill(table, POINTS, 0);
            link(source, 0, 3000);
            grown.load(source.source(), same);
            little.load(source.source(), same);
            assertThat(asked.times).isZero();
            link(grown, 3000, POINTS);
            assertThat(asked.times).isOne();
            assertThat(asked.given().first).isEqualTo(same);
            assertThat(asked.given().unwritten.get()).isZero();
            link(little, 3000, 3001);
            assertThat(full.times).isZero();
        }
    }
}
