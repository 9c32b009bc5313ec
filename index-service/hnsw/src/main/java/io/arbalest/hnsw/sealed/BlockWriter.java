package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;

import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;
import io.arbalest.simd.Rotation;
import io.arbalest.simd.SignCodes;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Writes the blocks of one-bit codes of a packed graph.
 *
 * <p>With r = x - c for a neighbour x of a point c and F = |r|^2 / sum|r_i|, {@code F * (S(q) -
 * S(c))} estimates r.(q - c), whose error shrinks with the distance of q from c. What the metric
 * makes of it goes into the two terms of the neighbour:
 *
 * <pre>
 * l2          -|x - q|^2 = -|c - q|^2 - |r|^2 + 2 r.(q - c)
 * ip, cosine         x.q = c.q + r.c + r.(q - c)              (cosine: of vectors of length 1)
 * </pre>
 *
 * <p>Rotated vectors are kept for as long as there is room, {@value #KEPT_BYTES} bytes, and made
 * again when they are not: in the order of a packed graph a point's neighbours are mostly those of
 * the points before it.
 *
 * <p>Confined to one thread.
 */
final class BlockWriter {
    /** Bytes of rotated vectors that are kept. */
    static final int KEPT_BYTES = 64 << 20;

    private final VectorTable vectors;
    private final int[] newToOld;
    private final Rotation rotation;
    private final float[][] rotated; // by ordinal modulo the length
    private final int[] rotatedOrdinals; // whose it is, -1: nobody's
    private final short[] halves;
    private final float[] plain;
    private final float[] residual;
    private final float[] terms = new float[4];

    BlockWriter(VectorTable vectors, int[] newToOld, long seed) {
        this(vectors, newToOld, seed, KEPT_BYTES);
    }

    /** Keeps another number of bytes, at least one vector. */
    BlockWriter(VectorTable vectors, int[] newToOld, long seed, int keptBytes) {
        this.vectors = vectors;
        this.newToOld = newToOld;
        rotation = new Rotation(vectors.dimension(), seed);
        int most = Math.max(1, keptBytes / Float.BYTES / rotation.rotatedDimension());
        rotated = new float[Math.clamp(newToOld.length, 1, most)][];
        rotatedOrdinals = new int[rotated.length];
        Arrays.fill(rotatedOrdinals, -1);
        halves = new short[vectors.dimension()];
        plain = new float[halves.length];
        residual = new float[rotation.rotatedDimension()];
    }

    /**
     * Writes rows of the lists from an ordinal on, as many as the target holds.
     *
     * @param target whole rows
     */
    void write(int[][] lists, int first, MemorySegment target, long rowBytes) {
        target.fill((byte) 0);
        long blockBytes = SealedGraphFormat.blockBytes(vectors.dimension());
        int end = first + (int) (target.byteSize() / rowBytes);
        for (int ordinal = first; ordinal < end; ordinal++) {
            long row = (ordinal - first) * rowBytes;
            for (int place = 0; place < rowBytes / blockBytes * SignCodes.NEIGHBORS; place++) {
                long block = row + place / SignCodes.NEIGHBORS * blockBytes;
                int within = place % SignCodes.NEIGHBORS;
                if (place < lists[ordinal].length) {
                    encode(ordinal, lists[ordinal][place], target, block, within);
                } else {
                    target.set(INT, block + 4L * within, SealedGraphFormat.EMPTY_PLACE);
                    target.set(
                            FLOAT,
                            block + SealedGraphFormat.BLOCK_TERMS_AT + 4L * within,
                            Float.NEGATIVE_INFINITY);
                }
            }
        }
    }

    private float[] rotated(int ordinal) {
        int slot = ordinal % rotated.length;
        if (rotatedOrdinals[slot] == ordinal) {
            return rotated[slot];
        }
        vectors.read(newToOld[ordinal], halves);
        double squaredNorm = 0;
        for (int j = 0; j < halves.length; j++) {
            plain[j] = Float.float16ToFloat(halves[j]);
            squaredNorm += (double) plain[j] * plain[j];
        }
        if (vectors.metric() == Metric.COSINE && squaredNorm > 0) {
            float scale = (float) (1 / Math.sqrt(squaredNorm));
            for (int j = 0; j < halves.length; j++) {
                plain[j] *= scale;
            }
        }
        float[] fresh = new float[rotation.rotatedDimension()]; // another may still be in use
        rotation.apply(plain, fresh);
        rotated[slot] = fresh;
        rotatedOrdinals[slot] = ordinal;
        return fresh;
    }

    private void encode(int point, int neighbor, MemorySegment target, long block, int place) {
        float[] c = rotated(point);
        float[] x = rotated(neighbor);
        for (int i = 0; i < c.length; i++) {
            residual[i] = x[i] - c[i];
        }
        SignCodes.encode(
                residual, c, target, block + SealedGraphFormat.BLOCK_CODES_AT, place, terms);
        float estimate = terms[1] > 0 ? terms[0] / terms[1] : 0;
        boolean l2 = vectors.metric() == Metric.L2;
        float addend = l2 ? -terms[0] - 2 * estimate * terms[2] : terms[3] - estimate * terms[2];
        long at = block + 4L * place;
        target.set(INT, at, neighbor);
        target.set(FLOAT, at + SealedGraphFormat.BLOCK_TERMS_AT, addend);
        target.set(
                FLOAT,
                at + SealedGraphFormat.BLOCK_TERMS_AT + 4L * SignCodes.NEIGHBORS,
                l2 ? 2 * estimate : estimate);
    }
}
