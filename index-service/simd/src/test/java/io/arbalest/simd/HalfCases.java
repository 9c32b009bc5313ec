package io.arbalest.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Vectors of halves for the kernel tests. */
final class HalfCases {
    static final long SEED = Long.getLong("seed", 20_261_103L);

    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private HalfCases() {}

    static short[] gaussian(SplittableRandom random, int dimension, double deviation) {
        short[] halves = new short[dimension];
        for (int i = 0; i < dimension; i++) {
            halves[i] = Float.floatToFloat16((float) (deviation * random.nextGaussian()));
        }
        return halves;
    }

    static short[] finite(SplittableRandom random, int dimension, int maxExponentField) {
        short[] halves = new short[dimension];
        for (int i = 0; i < dimension; i++) {
            int field = random.nextInt(maxExponentField + 1);
            halves[i] = (short) ((random.nextInt(2) << 15) | (field << 10) | random.nextInt(1024));
        }
        return halves;
    }

    static MemorySegment plain(Arena arena, short[] halves) {
        MemorySegment segment = arena.allocate(2L * halves.length, 2);
        for (int i = 0; i < halves.length; i++) {
            segment.set(HALF, 2L * i, halves[i]);
        }
        return segment;
    }

    /** Encodes into a slot at the offset and returns the exponent. */
    static int store(Arena arena, short[] halves, MemorySegment slot, long offset) {
        MemorySegment plain = plain(arena, halves);
        int exponent = HalfCodec.exponentOf(plain, 0, halves.length);
        HalfCodec.encode(plain, 0, halves.length, exponent, slot, offset);
        return exponent;
    }

    static double dot(short[] halves, float[] query) {
        double sum = 0;
        for (int i = 0; i < query.length; i++) {
            sum += (double) Float.float16ToFloat(halves[i]) * query[i];
        }
        return sum;
    }

    static double absoluteDot(short[] halves, float[] query) {
        double sum = 0;
        for (int i = 0; i < query.length; i++) {
            sum += Math.abs((double) Float.float16ToFloat(halves[i]) * query[i]);
        }
        return sum;
    }
}
