package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import java.lang.foreign.MemorySegment;

/**
 * Writes codes that lie once a point.
 *
 * <p>Vectors are stored minus a mean, of a packed graph that of all: with half the elements'
 * variance in their means, as is common, that is half a bit more for what tells them apart. What
 * codes miss of a vector is perpendicular to it ({@link io.arbalest.simd.ByteCodes#encode}).
 * Queries of inner products are not without the mean: what the mean makes of it is known, and is
 * put right.
 *
 * <p>Confined to one thread.
 */
final class CodeWriter {
    private final VectorTable vectors;
    private final short[] halves;
    private final float[] centred;

    CodeWriter(VectorTable vectors) {
        this.vectors = vectors;
        halves = new short[vectors.dimension()];
        centred = new float[halves.length];
    }

    /** Writes CODES, on several threads. */
    static void write(
            VectorTable vectors,
            int[] newToOld,
            CodeForm form,
            MemorySegment target,
            PointRanges ranges) {
        write(vectors, newToOld, form, target, mean(vectors, newToOld), ranges);
    }

    /** As the other, with a given mean. */
    static void write(
            VectorTable vectors,
            int[] newToOld,
            CodeForm form,
            MemorySegment target,
            float[] mean,
            PointRanges ranges) {
        target.fill((byte) 0);
        MemorySegment.copy(mean, 0, target, FLOAT, 0, mean.length);
        ranges.run(
                newToOld.length,
                (from, to) -> {
                    CodeRows<?> rows = CodeRows.of(target, form, newToOld.length, mean.length);
                    new CodeWriter(vectors).write(rows, newToOld, mean, from, to);
                });
    }

    private void write(CodeRows<?> rows, int[] newToOld, float[] mean, int from, int to) {
        float[] vector = new float[halves.length];
        for (int ordinal = from; ordinal < to; ordinal++) {
            read(newToOld[ordinal], vector);
            write(rows, ordinal, vector, mean);
        }
    }

    /**
     * Writes one row.
     *
     * @param vector as {@link #read} gives it
     */
    void write(CodeRows<?> rows, int ordinal, float[] vector, float[] mean) {
        double squaredNorm = 0;
        for (int i = 0; i < centred.length; i++) {
            centred[i] = vector[i] - mean[i];
            squaredNorm += (double) centred[i] * centred[i];
        }
        float factor = rows.encode(ordinal, centred);
        boolean l2 = vectors.metric() == Metric.L2;
        double offset = l2 ? -squaredNorm : missed(rows, ordinal, factor, mean);
        rows.putTerms(ordinal, factor, (float) offset);
    }

    /** The inner product of the mean and what a row misses of {@link #centred}. */
    private double missed(CodeRows<?> rows, int ordinal, float factor, float[] mean) {
        double product = 0;
        for (int i = 0; i < centred.length; i++) {
            product += mean[i] * (centred[i] - (double) factor * rows.steps(ordinal, i));
        }
        return product;
    }

    /** The mean of some vectors; of those of length 1 that they are taken as for cosine. */
    static float[] mean(VectorTable vectors, int[] ordinals) {
        CodeWriter reader = new CodeWriter(vectors); // of no codes
        double[] sums = new double[reader.halves.length];
        float[] vector = new float[sums.length];
        for (int ordinal : ordinals) {
            reader.read(ordinal, vector);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += vector[i];
            }
        }
        float[] mean = new float[sums.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sums[i] / ordinals.length);
        }
        return mean;
    }

    /** Reads a vector of the table, of length 1 for cosine. */
    void read(int old, float[] target) {
        vectors.read(old, halves);
        double squaredNorm = 0;
        for (int i = 0; i < target.length; i++) {
            target[i] = Float.float16ToFloat(halves[i]);
            squaredNorm += (double) target[i] * target[i];
        }
        if (vectors.metric() == Metric.COSINE && squaredNorm > 0) {
            float scale = (float) (1 / Math.sqrt(squaredNorm));
            for (int i = 0; i < target.length; i++) {
                target[i] *= scale;
            }
        }
    }
}
