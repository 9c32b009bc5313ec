package io.arbalest.benchmarks;

import io.arbalest.benchmarks.data.ClusteredVectors;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.PreparedQuery;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/**
 * Searches per second of a growing graph over a generated set, and vectors scored per second: one
 * divided by the other is the cost of a hop with all that belongs to it.
 *
 * <p>Confined to the benchmark's thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
        value = 1,
        jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class GraphWalkBenchmark {
    private static final int POINTS = 20_000;
    private static final int QUERIES = 256;
    private static final int CLUSTERS = 40;
    private static final int K = 10;
    private static final int M = 16;
    private static final int EF_CONSTRUCTION = 100;
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Elements of a vector. */
    @Param({"128", "768"})
    public int dimension = 128;

    /** Candidates of a search. */
    @Param({"20", "100"})
    public int ef = 100;

    private final float[][] queries = new float[QUERIES][];
    private final NeighborQueue results = new NeighborQueue(K);
    private VectorTable vectors = new VectorTable(1, Metric.L2, 1);
    private GrowingGraph graph = new GrowingGraph(vectors, M, EF_CONSTRUCTION, 1, 1);
    private GraphSearcher searcher = graph.newSearcher();
    private int next;

    /** What is counted beside the searches. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Work {
        /** Vectors scored. */
        public long scored;
    }

    /** Builds the graph. */
    @Setup(Level.Trial)
    public void setUp() {
        ClusteredVectors set =
                new ClusteredVectors(
                        new ClusteredVectors.Shape(
                                dimension,
                                ClusteredVectors.Shape.latentOf(dimension),
                                CLUSTERS,
                                false,
                                42));
        vectors = new VectorTable(dimension, Metric.L2, POINTS);
        graph = new GrowingGraph(vectors, M, EF_CONSTRUCTION, 1, POINTS);
        float[] row = new float[dimension];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment half = arena.allocate(2L * dimension);
            for (int ordinal = 0; ordinal < POINTS; ordinal++) {
                set.row(ordinal, row);
                for (int i = 0; i < dimension; i++) {
                    half.set(HALF, 2L * i, Float.floatToFloat16(row[i]));
                }
                vectors.set(ordinal, half, 0);
                graph.link(ordinal);
            }
        }
        for (int i = 0; i < QUERIES; i++) {
            queries[i] = new float[dimension];
            set.row(-1 - i, queries[i]);
        }
        searcher = graph.newSearcher();
    }

    /** Frees the vectors. */
    @TearDown(Level.Trial)
    public void tearDown() {
        graph.close();
        vectors.close();
    }

    /** One search; the queries take turns. */
    @Benchmark
    public NeighborQueue search(Work work) {
        next = (next + 1) % QUERIES;
        PreparedQuery query = vectors.prepare(queries[next]);
        results.clear(K);
        searcher.search(query, SearchLimits.of(ef), OrdinalSet.ALL, results);
        work.scored += searcher.scored();
        return results;
    }
}
