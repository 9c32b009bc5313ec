package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Clustered points as real embeddings are: a few latent directions around each of many centres,
 * plus noise.
 */
final class Cases {
    static final long SEED = Long.getLong("seed", 20_261_101L);

    private static final ValueLayout.OfShort HALF =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final int dimension;
    private final SplittableRandom random;
    private final float[][] centres;
    private final float[][] directions;

    Cases(int dimension, int clusters, long seed) {
        this.dimension = dimension;
        random = new SplittableRandom(seed);
        centres = gaussians(clusters, 1.0);
        directions = gaussians(Math.min(dimension, 16), 1.0 / Math.sqrt(Math.min(dimension, 16)));
    }

    float[] next(double norm) {
        float[] point = centres[random.nextInt(centres.length)].clone();
        for (float[] direction : directions) {
            float weight = (float) (0.8 * random.nextGaussian());
            for (int i = 0; i < dimension; i++) {
                point[i] += weight * direction[i];
            }
        }
        double sum = 0;
        for (int i = 0; i < dimension; i++) {
            point[i] += (float) (0.1 * random.nextGaussian());
            sum += (double) point[i] * point[i];
        }
        if (norm > 0) {
            for (int i = 0; i < dimension; i++) {
                point[i] = (float) (point[i] * norm / Math.sqrt(sum));
            }
        }
        return point;
    }

    static short[] halves(float[] vector) {
        short[] halves = new short[vector.length];
        for (int i = 0; i < vector.length; i++) {
            halves[i] = Float.floatToFloat16(vector[i]);
        }
        return halves;
    }

    static MemorySegment segment(short[] halves) {
        byte[] bytes = new byte[2 * halves.length];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < halves.length; i++) {
            segment.set(HALF, 2L * i, halves[i]);
        }
        return segment;
    }

    /** Fills a table with points 0 to count - 1. */
    void fill(VectorTable table, int count, double norm) {
        for (int ordinal = 0; ordinal < count; ordinal++) {
            table.set(ordinal, segment(halves(next(norm))), 0);
        }
    }

    /** A score in its direct form. */
    static double exactScore(VectorTable table, int ordinal, float[] query) {
        double[] score = new double[1];
        table.exactScores(new int[] {ordinal}, 1, query, score);
        return score[0];
    }

    /** The k best by the direct form in double precision. */
    static int[] best(VectorTable table, int count, float[] query, int k, OrdinalSet accept) {
        double[] scores = new double[count];
        Integer[] order = new Integer[count];
        for (int i = 0; i < count; i++) {
            scores[i] = exactScore(table, i, query);
            order[i] = i;
        }
        return java.util.Arrays.stream(order)
                .filter(accept::contains)
                .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    static int common(int[] left, int[] right) {
        int count = 0;
        for (int a : left) {
            for (int b : right) {
                count += a == b ? 1 : 0;
            }
        }
        return count;
    }

    private float[][] gaussians(int count, double deviation) {
        float[][] vectors = new float[count][dimension];
        for (float[] vector : vectors) {
            for (int i = 0; i < dimension; i++) {
                vector[i] = (float) (deviation * random.nextGaussian());
            }
        }
        return vectors;
    }
}
