package io.arbalest.benchmarks;

import io.arbalest.hnsw.sealed.VnniScores;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteScores;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.NibbleCodes;
import io.arbalest.simd.NibbleQuery;
import io.arbalest.simd.SignCodes;
import io.arbalest.simd.SignQuery;

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

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Nanoseconds per vector of the kernels of compact codes, and of their scalar twins, over codes
 * that fit into the level 2 cache.
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
public class CodesBenchmark {
    /** Vectors per call. */
    public static final int VECTORS = 512;

    /** Elements of a vector; scores are of rows that hold their terms, from 128 on. */
    @Param({"128", "192", "256", "384", "768", "1024", "1536"})
    public int dimension = 128;

    private final int[] ordinals = new int[VECTORS];
    private final int[] dots = new int[VECTORS];
    private final short[] sums = new short[SignCodes.NEIGHBORS];
    private MemorySegment bytes = MemorySegment.NULL;
    private MemorySegment nibbles = MemorySegment.NULL;
    private MemorySegment signs = MemorySegment.NULL;
    private ByteQuery byteQuery = new ByteQuery(1);
    private NibbleQuery nibbleQuery = new NibbleQuery(1);
    private SignQuery signQuery = new SignQuery(1);
    private final ByteScores batch = new ByteScores();
    private final float[] scores = new float[VECTORS];
    private @Nullable VnniScores<ByteQuery> vnni;
    private @Nullable VnniScores<NibbleQuery> nibblesVnni;
    private int rowBytes;
    private int nibbleBytes;
    private int blockBytes;

    /** Fills codes and queries. */
    @Setup(Level.Trial)
    public void setUp() {
        SplittableRandom random = new SplittableRandom(1);
        Arena arena = Arena.ofAuto();
        rowBytes = ByteCodes.rowBytes(dimension);
        nibbleBytes = NibbleCodes.rowBytes(dimension);
        blockBytes = SignCodes.blockBytes(dimension);
        bytes = arena.allocate((long) rowBytes * VECTORS + ByteCodes.TAIL_BYTES, 64);
        nibbles = arena.allocate((long) nibbleBytes * VECTORS + NibbleCodes.TAIL_BYTES, 64);
        signs = arena.allocate((long) blockBytes * VECTORS / SignCodes.NEIGHBORS, 64);
        for (int vector = 0; vector < VECTORS; vector++) {
            long row = (long) vector * rowBytes;
            float factor = ByteCodes.encode(gaussian(random, dimension), bytes, row);
            if (dimension >= ByteTerms.CODES) {
                ByteTerms.put(bytes, row, factor, (float) random.nextGaussian());
            }
            row = (long) vector * nibbleBytes;
            factor = NibbleCodes.encode(gaussian(random, dimension), nibbles, row);
            NibbleCodes.putTerms(nibbles, row, factor, (float) random.nextGaussian());
            ordinals[vector] = vector;
        }
        for (long at = 0; at < signs.byteSize(); at++) {
            signs.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
        }
        byteQuery = new ByteQuery(dimension);
        byteQuery.load(gaussian(random, dimension));
        nibbleQuery = new NibbleQuery(dimension);
        nibbleQuery.load(gaussian(random, dimension));
        batch.reserve(VECTORS);
        vnni = VnniScores.ofBytes(dimension);
        if (vnni != null) {
            vnni.load(byteQuery, byteQuery.step(), 1, VECTORS);
        }
        nibblesVnni = VnniScores.ofNibbles(dimension);
        if (nibblesVnni != null) {
            nibblesVnni.load(nibbleQuery, nibbleQuery.step(), 1, VECTORS);
        }
        signQuery = new SignQuery(dimension);
        signQuery.load(gaussian(random, SignCodes.paddedDimension(dimension)));
    }

    private static float[] gaussian(SplittableRandom random, int dimension) {
        float[] vector = new float[dimension];
        for (int i = 0; i < dimension; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    /** Codes of seven bits, a whole list. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public int[] bytes() {
        ByteCodes.dots(bytes, 0, ordinals, VECTORS, byteQuery, dots);
        return dots;
    }

    /** Scores by codes of seven bits with their terms inside, a whole list. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] bytesScores() {
        if (dimension < ByteTerms.CODES) {
            throw new IllegalStateException("terms lie apart below " + ByteTerms.CODES);
        }
        ByteCodes.dots(bytes, 0, ordinals, VECTORS, byteQuery, batch.dots());
        ByteTerms.read(bytes, 0, rowBytes, ordinals, VECTORS, batch.factors(), batch.offsets());
        batch.scores(VECTORS, byteQuery.zero(), byteQuery.step(), 1, scores);
        return scores;
    }

    /** The same by instructions of our own. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] bytesScoresVnni() {
        if (vnni == null) {
            throw new IllegalStateException("no such instructions here, or of so few elements");
        }
        vnni.score(bytes, 0, rowBytes, ordinals, VECTORS, scores);
        return scores;
    }

    /** Codes of seven bits, the scalar twin. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public int[] bytesScalar() {
        for (int i = 0; i < VECTORS; i++) {
            dots[i] =
                    ByteCodes.scalarDot(bytes, (long) ordinals[i] * rowBytes, dimension, byteQuery);
        }
        return dots;
    }

    /** Codes of four bits, a whole list. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public int[] nibbles() {
        NibbleCodes.dots(nibbles, 0, ordinals, VECTORS, nibbleQuery, dots);
        return dots;
    }

    /** Scores by codes of four bits and their terms, a whole list. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] nibblesScores() {
        NibbleCodes.dots(nibbles, 0, ordinals, VECTORS, nibbleQuery, batch.dots());
        NibbleCodes.terms(
                nibbles, 0, nibbleBytes, ordinals, VECTORS, batch.factors(), batch.offsets());
        batch.scores(VECTORS, nibbleQuery.zero(), nibbleQuery.step(), 1, scores);
        return scores;
    }

    /** The same by instructions of our own. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public float[] nibblesScoresVnni() {
        if (nibblesVnni == null) {
            throw new IllegalStateException("no such instructions here");
        }
        nibblesVnni.score(nibbles, 0, nibbleBytes, ordinals, VECTORS, scores);
        return scores;
    }

    /** Codes of four bits, the scalar twin. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public int[] nibblesScalar() {
        for (int i = 0; i < VECTORS; i++) {
            long row = (long) ordinals[i] * nibbleBytes;
            dots[i] = NibbleCodes.scalarDot(nibbles, row, dimension, nibbleQuery);
        }
        return dots;
    }

    /** Codes of one bit, block by block. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public short[] signs() {
        for (int block = 0; block < VECTORS / SignCodes.NEIGHBORS; block++) {
            SignCodes.sums(signs, (long) block * blockBytes, signQuery, sums);
        }
        return sums;
    }

    /** Codes of one bit, the scalar twin. */
    @Benchmark
    @OperationsPerInvocation(VECTORS)
    public short[] signsScalar() {
        for (int block = 0; block < VECTORS / SignCodes.NEIGHBORS; block++) {
            SignCodes.scalarSums(signs, (long) block * blockBytes, signQuery, sums);
        }
        return sums;
    }
}
