package io.arbalest.benchmarks;

import io.arbalest.simd.HalfCodec;
import io.arbalest.simd.HalfDot;
import io.arbalest.simd.HalfQuery;

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

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Nanoseconds per vector of the binary16 inner product: a list at once, one at a time, the plain
 * loop and the scalar twin, over vectors that fit into the level 2 cache.
 *
 * <p>Confined to the benchmark's thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgs = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class HalfDotBenchmark {
    /** Vectors per call; 512 of 768 elements are 0.8 MB. */
    public static final int VECTORS = 512;

    /** Elements of a vector. */
    @Param({"96", "128", "192", "256", "384", "768", "1024", "1536"})
    public int dimension = 128;

    private final MemorySegment[] segments = new MemorySegment[VECTORS];
    private final long[] offsets = new long[VECTORS];
    private final int[] ordinals = new int[VECTORS];
    private final float[] dots = new float[VECTORS];
    private HalfQuery query = new HalfQuery(1);
    private short[][] rows = new short[0][];
    private float[] elements = new float[0];

    /** Fills vectors and query. */
    @Setup(Level.Trial)
    public void setUp() {
        SplittableRandom random = new SplittableRandom(1);
        Arena arena = Arena.ofAuto();
        long stride = 2L * HalfDot.paddedDimension(dimension);
        MemorySegment slab = arena.allocate(stride * VECTORS, 64);
        MemorySegment row = arena.allocate(2L * dimension);
        ValueLayout.OfShort half =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        rows = new short[VECTORS][dimension];
        for (int vector = 0; vector < VECTORS; vector++) {
            for (int i = 0; i < dimension; i++) {
                rows[vector][i] = Float.floatToFloat16((float) random.nextGaussian());
                row.set(half, 2L * i, rows[vector][i]);
            }
            HalfCodec.encode(
                    row,
                    0,
                    dimension,
                    HalfCodec.exponentOf(row, 0, dimension),
                    slab,
                    vector * stride);
            offsets[vector] = vector * stride;
            ordinals[vector] = vector;
        }
        Arrays.fill(segments, slab);
        elements = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            elements[i] = (float) random.nextGaussian();
        }
        query = new HalfQuery(dimension);
        query.load(elements);
    }

    /** One vector at a time. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] single() {
        for (int i = 0; i < VECTORS; i++) {
            dots[i] = HalfDot.dot(segments[i], offsets[i], query);
        }
        return dots;
    }

    /** A whole list, four vectors in lockstep. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] list() {
        HalfDot.dots(
                segments[0],
                2L * HalfDot.paddedDimension(dimension),
                ordinals,
                0,
                VECTORS,
                query,
                dots);
        return dots;
    }

    /**
     * The loop that one would write, on arrays: the compiler converts with vectors, adds in order.
     */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] plainLoop() {
        for (int vector = 0; vector < VECTORS; vector++) {
            short[] row = rows[vector];
            float sum = 0;
            for (int i = 0; i < row.length; i++) {
                sum += Float.float16ToFloat(row[i]) * elements[i];
            }
            dots[vector] = sum;
        }
        return dots;
    }

    /** The scalar twin. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] scalar() {
        for (int i = 0; i < VECTORS; i++) {
            dots[i] = HalfDot.scalarDot(segments[i], offsets[i], query);
        }
        return dots;
    }
}
