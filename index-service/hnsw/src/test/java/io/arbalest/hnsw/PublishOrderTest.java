package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.common.OrdinalSet;
import io.arbalest.memory.MemoryBudget;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Whoever meets a point sees its vector and its own lists, while others write. */
class PublishOrderTest {
    private static final int DIMENSION = 40;

    @Test
    void aPointInAListBringsItsOwnListsAndItsVector() throws Exception {
        int points = 200_000;
        try (VectorTable table = new VectorTable(32, Metric.IP, points);
                Links links = new Links(8, points, MemoryBudget.unlimited("test"));
                ExecutorService pool = Executors.newSingleThreadExecutor()) {
            links.add(0, 0);
            short[] ones = new short[32];
            Arrays.fill(ones, Float.floatToFloat16(1));
            Future<?> writer =
                    pool.submit(() -> {
                        for (int point = 1; point < points; point++) {
                            table.set(point, Cases.segment(ones), 0);
                            int level = links.add(point, point % 16 == 0 ? 2 : 0);
                            for (int at = 0; at <= level; at++) {
                                links.write(point, at, new int[] {point - 1}, 1);
                            }
                            links.write(0, 0, new int[] {point}, 1);
                        }
                    });
            float[] query = new float[32];
            Arrays.fill(query, 1);
            PreparedQuery prepared = table.prepare(query);
            int[] list = new int[16];
            int last = 0;
            while (last < points - 1) {
                if (links.read(0, 0, list) == 0) {
                    continue;
                }
                int point = list[0];
                assertThat(point).isGreaterThanOrEqualTo(last);
                assertThat(table.score(prepared, point)).isEqualTo(32f);
                int level = links.level(point);
                assertThat(level).isEqualTo(point % 16 == 0 ? 2 : 0);
                for (int at = 0; at <= level; at++) {
                    assertThat(links.read(point, at, list)).isEqualTo(1);
                    assertThat(list[0]).isEqualTo(point - 1);
                }
                last = point;
            }
            writer.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aSearchNeverMeetsAPointWithoutItsVectorAndFindsAsMuchAsAtRest() throws Exception {
        int points = 6000;
        Cases cases = new Cases(DIMENSION, 40, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, points);
                GrowingGraph graph = new GrowingGraph(table, 12, 80, 5, points);
                ExecutorService pool = Executors.newFixedThreadPool(2)) {
            AtomicInteger written = new AtomicInteger();
            AtomicInteger next = new AtomicInteger();
            float[][] queries = new float[100][];
            for (int i = 0; i < queries.length; i++) {
                queries[i] = cases.next(0);
            }
            Future<?> filling =
                    pool.submit(() -> {
                        for (int i = 0; i < points; i++) {
                            table.set(i, Cases.segment(Cases.halves(cases.next(0))), 0);
                            written.set(i + 1);
                        }
                    });
            Future<?> linking =
                    pool.submit(() -> {
                        while (next.get() < points) {
                            int point = next.get();
                            if (point < written.get()) {
                                graph.link(point);
                                next.set(point + 1);
                            }
                        }
                    });
            long[] during = askWhile(graph, table, next, points, queries);
            filling.get(60, TimeUnit.SECONDS);
            linking.get(60, TimeUnit.SECONDS);
            long[] atRest = new long[2];
            ask(graph, table, points, queries, atRest);
            assertThat((double) during[0] / during[1])
                    .as("recall while inserting; at rest %s of %s", atRest[0], atRest[1])
                    .isGreaterThanOrEqualTo((double) atRest[0] / atRest[1] - 0.01);
        }
    }

    /**
     * Small graphs with few neighbours a list have a new entry point every few points. A search
     * that began at one before it has neighbours would find it alone.
     */
    @Test
    void aSearchNeverBeginsAtAPointWithoutNeighbours() throws Exception {
        int points = 24;
        Cases cases = new Cases(DIMENSION, 40, Cases.SEED);
        try (VectorTable table = new VectorTable(DIMENSION, Metric.L2, points);
                ExecutorService pool = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < points; i++) {
                table.set(i, Cases.segment(Cases.halves(cases.next(0))), 0);
            }
            PreparedQuery query = table.prepare(cases.next(0));
            long during = 0;
            for (int build = 0; build < 2000; build++) {
                try (GrowingGraph graph = new GrowingGraph(table, 2, 16, build, points)) {
                    Future<?> linking =
                            pool.submit(() -> {
                                for (int i = 0; i < points; i++) {
                                    graph.link(i);
                                }
                            });
                    GraphSearcher searcher = graph.newSearcher();
                    NeighborQueue found = new NeighborQueue(points);
                    while (graph.linkedCount() < points) {
                        int before = graph.linkedCount();
                        found.clear(points);
                        searcher.search(query, SearchLimits.of(points), OrdinalSet.ALL, found);
                        if (before >= 4) {
                            assertThat(found.size())
                                    .as("build %s, %s points linked before", build, before)
                                    .isGreaterThan(1);
                            during++;
                        }
                    }
                    linking.get(60, TimeUnit.SECONDS);
                }
            }
            assertThat(during).as("searches while points were linked").isGreaterThan(1000);
        }
    }

    @Test
    void pointsThatAreAddedAtOnceShareNoUpperList() throws Exception {
        int points = 400_000;
        AtomicInteger arrived = new AtomicInteger();
        try (Links links = new Links(4, points, 2L * points, MemoryBudget.unlimited("test"));
                ExecutorService pool = Executors.newSingleThreadExecutor()) {
            Future<?> odd = pool.submit(() -> addUpper(links, 1, points, arrived));
            addUpper(links, 0, points, arrived);
            odd.get(60, TimeUnit.SECONDS);
            int[] list = new int[8];
            for (int point = 0; point < points; point++) {
                for (int level = 1; level <= 2; level++) {
                    int count = links.read(point, level, list);
                    if (count != 2 || list[0] != point || list[1] != level) {
                        fail("point %s, level %s: %s", point, level, Arrays.toString(list));
                    }
                }
            }
        }
    }

    private static void addUpper(Links links, int first, int points, AtomicInteger arrived) {
        int together = 0;
        for (int point = first; point < points; point += 2) {
            if (point % 1000 == first) { // both run at once, however busy the machine is
                arrived.incrementAndGet();
                together += 2;
                while (arrived.get() < together) {
                    Thread.onSpinWait();
                }
            }
            int level = links.add(point, 2);
            for (int at = 1; at <= level; at++) {
                links.write(point, at, new int[] {point, at}, 2);
            }
        }
    }

    private static long[] askWhile(
            GrowingGraph graph,
            VectorTable table,
            AtomicInteger linked,
            int points,
            float[][] queries) {
        long[] hits = new long[2];
        do {
            int seen = linked.get();
            if (seen >= 1000) {
                ask(graph, table, seen, queries, hits);
            }
        } while (linked.get() < points);
        return hits[1] == 0 ? new long[] {1, 1} : hits;
    }

    /**
     * Recall@10 among the points linked before the queries were asked: hits, and out of how many.
     */
    private static void ask(
            GrowingGraph graph, VectorTable table, int bound, float[][] queries, long[] hits) {
        GraphSearcher searcher = graph.newSearcher();
        NeighborQueue walked = new NeighborQueue(10);
        NeighborQueue scanned = new NeighborQueue(10);
        OrdinalSet before = ordinal -> ordinal < bound;
        for (float[] query : queries) {
            PreparedQuery prepared = table.prepare(query);
            walked.clear(10);
            scanned.clear(10);
            searcher.search(prepared, SearchLimits.of(64), before, walked);
            ExactScan.scan(table, prepared, 0, bound, before, Float.NEGATIVE_INFINITY, scanned);
            int[] found = walked.ordinalsBestFirst();
            float[] scores = walked.scoresBestFirst();
            for (int i = 0; i < found.length; i++) { // a vector not seen would score as zeros do
                assertThat((double) scores[i])
                        .isCloseTo(Cases.exactScore(table, found[i], query), within(0.01));
            }
            hits[0] += Cases.common(found, scanned.ordinalsBestFirst());
            hits[1] += 10;
        }
    }
}
