package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import java.lang.foreign.MemorySegment;

/**
 * Writes the codes of a packed graph that lie once a point.
 *
 * <p>Vectors are stored minus the mean of all: with half the elements' variance in their means, as
 * is common, that is half a bit more for what tells them apart. What codes miss of a vector is
 * perpendicular to it ({@link io.arbalest.simd.ByteCodes#encode}). Queries of inner products are
 * not without the mean: what the mean makes of it is known, and is put right.
 *
 * <p>Confined to one thread.
 */
final class CodeWriter {
    private final VectorTable vectors;
    private final int[] newToOld;
    private final short[] halves;
    private final float[] plain;
    private final CodeForm form;

    CodeWriter(VectorTable vectors, int[] newToOld, CodeForm form) {
        this.form = form;
        this.vectors = vectors;
        this.newToOld = newToOld;
        halves = new short[vectors.dimension()];
        plain = new float[halves.length];
    }

    /** Writes CODES, on several threads. */
    static void write(
            VectorTable vectors,
            int[] newToOld,
            CodeForm form,
            MemorySegment target,
            PointRanges ranges) {
        float[] mean = mean(vectors, newToOld);
        begin(target, mean);
        ranges.run(
                newToOld.length,
                (from, to) -> new CodeWriter(vectors, newToOld, form).rows(target, mean, from, to));
    }

    /** Writes CODES with a given mean. */
    void write(MemorySegment target, float[] mean) {
        begin(target, mean);
        rows(target, mean, 0, newToOld.length);
    }

    private static void begin(MemorySegment target, float[] mean) {
        target.fill((byte) 0);
        MemorySegment.copy(mean, 0, target, FLOAT, 0, mean.length);
    }

    private void rows(MemorySegment target, float[] mean, int from, int to) {
        CodeRows<?> rows = CodeRows.of(target, form, newToOld.length, plain.length);
        for (int ordinal = from; ordinal < to; ordinal++) {
            read(newToOld[ordinal]);
            double squaredNorm = 0;
            for (int i = 0; i < plain.length; i++) {
                plain[i] -= mean[i];
                squaredNorm += (double) plain[i] * plain[i];
            }
            float factor = rows.encode(ordinal, plain);
            boolean l2 = vectors.metric() == Metric.L2;
            double offset = l2 ? -squaredNorm : missed(rows, ordinal, factor, mean);
            rows.putTerms(ordinal, factor, (float) offset);
        }
    }

    /** The inner product of the mean and what a row misses of {@link #plain}. */
    private double missed(CodeRows<?> rows, int ordinal, float factor, float[] mean) {
        double product = 0;
        for (int i = 0; i < plain.length; i++) {
            product += mean[i] * (plain[i] - (double) factor * rows.steps(ordinal, i));
        }
        return product;
    }

    /** The mean of some vectors; of those of length 1 that they are taken as for cosine. */
    static float[] mean(VectorTable vectors, int[] ordinals) {
        CodeWriter reader = new CodeWriter(vectors, ordinals, CodeForm.BYTES_APART); // of no codes
        double[] sums = new double[reader.plain.length];
        for (int ordinal : ordinals) {
            reader.read(ordinal);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += reader.plain[i];
            }
        }
        float[] mean = new float[sums.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sums[i] / ordinals.length);
        }
        return mean;
    }

    /** Fills {@link #plain} with a vector, of length 1 for cosine. */
    private void read(int old) {
        vectors.read(old, halves);
        double squaredNorm = 0;
        for (int i = 0; i < plain.length; i++) {
            plain[i] = Float.float16ToFloat(halves[i]);
            squaredNorm += (double) plain[i] * plain[i];
        }
        if (vectors.metric() == Metric.COSINE && squaredNorm > 0) {
            float scale = (float) (1 / Math.sqrt(squaredNorm));
            for (int i = 0; i < plain.length; i++) {
                plain[i] *= scale;
            }
        }
    }
}
