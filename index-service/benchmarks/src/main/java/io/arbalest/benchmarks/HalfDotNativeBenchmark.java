package io.arbalest.benchmarks;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * {@link HalfDotBenchmark}'s measurement of C intrinsics: as many vectors, as long, in the same
 * cache. Needs g++.
 *
 * <p>Confined to the benchmark's thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HalfDotNativeBenchmark {
    private static final int VECTORS = HalfDotBenchmark.VECTORS;
    private static final double ENOUGH = 1e-3;

    /** Elements of a vector. */
    @Param({"96", "128", "192", "256", "384", "768", "1024", "1536"})
    public int dimension = 128;

    private final Arena arena = Arena.ofAuto();
    private @Nullable NativeHalfDot kernels;
    private MemorySegment rows = MemorySegment.NULL;
    private MemorySegment query = MemorySegment.NULL;
    private MemorySegment dots = MemorySegment.NULL;

    /** Fills vectors and query, and sees that both forms compute the inner product. */
    @Setup(Level.Trial)
    public void setUp() throws Throwable {
        kernels = new NativeHalfDot(arena);
        SplittableRandom random = new SplittableRandom(1);
        rows = arena.allocate(2L * dimension * VECTORS, 64);
        query = arena.allocate(4L * dimension, 64);
        dots = arena.allocate(4L * VECTORS, 64);
        for (int i = 0; i < dimension * VECTORS; i++) {
            short half = Float.floatToFloat16((float) random.nextGaussian());
            rows.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
        }
        for (int i = 0; i < dimension; i++) {
            query.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        check(single());
        check(list());
    }

    private void check(MemorySegment computed) throws IOException {
        for (int row = 0; row < VECTORS; row++) {
            double sum = 0;
            for (int i = 0; i < dimension; i++) {
                short half = rows.getAtIndex(ValueLayout.JAVA_SHORT, (long) row * dimension + i);
                float element = query.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                sum += (double) Float.float16ToFloat(half) * element;
            }
            if (!(Math.abs(sum - computed.getAtIndex(ValueLayout.JAVA_FLOAT, row)) < ENOUGH)) {
                throw new IOException("half_dot.cpp computes something else, row " + row);
            }
        }
    }

    private NativeHalfDot kernels() {
        return Objects.requireNonNull(kernels);
    }

    /** One vector at a time. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public MemorySegment single() throws Throwable {
        kernels().single(rows, VECTORS, query, dimension, dots);
        return dots;
    }

    /** A whole list, four vectors in lockstep. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public MemorySegment list() throws Throwable {
        kernels().list(rows, VECTORS, query, dimension, dots);
        return dots;
    }
}
