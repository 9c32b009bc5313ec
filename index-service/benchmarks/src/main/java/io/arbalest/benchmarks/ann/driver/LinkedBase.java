package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.benchmarks.data.RowReader;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.hnsw.sealed.GrowingCodes;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The base as binary16 in a growing graph; ordinals are rows.
 *
 * <p>Confined to one thread; links on several.
 *
 * @param vectors the points
 * @param graph their links
 */
public record LinkedBase(VectorTable vectors, GrowingGraph graph) implements AutoCloseable {
    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LEVEL_SEED = 1;

    static LinkedBase build(DriverOptions options, MappedVectors base) throws Exception {
        return build(
                base, options.metric(), options.m(), options.efConstruction(), options.threads());
    }

    /**
     * Links all rows.
     *
     * @param threads that link
     */
    public static LinkedBase build(
            RowReader base, Metric metric, int m, int efConstruction, int threads)
            throws Exception {
        VectorTable vectors = new VectorTable(base.dimension(), metric, base.rows());
        GrowingGraph graph =
                new GrowingGraph(
                        vectors, m, efConstruction, LEVEL_SEED, base.rows(), GrowingCodes.SOURCE);
        LinkedBase linked = new LinkedBase(vectors, graph);
        linked.fill(base);
        linked.link(base.rows(), threads);
        return linked;
    }

    private void fill(RowReader base) {
        float[] row = new float[base.dimension()];
        MemorySegment halves = MemorySegment.ofArray(new byte[2 * row.length]);
        for (int ordinal = 0; ordinal < base.rows(); ordinal++) {
            base.read(ordinal, row);
            for (int i = 0; i < row.length; i++) {
                short half = Float.floatToFloat16(row[i]);
                if (!Float.isFinite(Float.float16ToFloat(half))) {
                    throw new ArbalestException(
                            ErrorCode.VECTOR_OUT_OF_RANGE,
                            "base row "
                                    + ordinal
                                    + ": element "
                                    + i
                                    + " is "
                                    + row[i]
                                    + ", binary16 holds magnitudes below 65,520",
                            "divide all vectors by one number");
                }
                halves.set(HALF, 2L * i, half);
            }
            vectors.set(ordinal, halves, 0);
        }
    }

    private void link(int count, int threads) throws Exception {
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> workers = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                workers.add(
                        pool.submit(() -> {
                            int ordinal = next.getAndIncrement();
                            for (; ordinal < count; ordinal = next.getAndIncrement()) {
                                graph.link(ordinal);
                            }
                            return ordinal;
                        }));
            }
            for (Future<Integer> worker : workers) {
                worker.get();
            }
        }
    }

    long bytes() {
        return vectors.sizeBytes() + graph.sizeBytes();
    }

    @Override
    public void close() {
        graph.close();
        vectors.close();
    }
}
