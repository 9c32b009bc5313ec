package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;

import io.arbalest.memory.Prefetch;
import io.arbalest.model.Metric;
import io.arbalest.simd.FloatDot;
import io.arbalest.simd.Rotation;
import io.arbalest.simd.SignCodes;
import io.arbalest.simd.SignQuery;

import java.lang.foreign.MemorySegment;

/**
 * Estimates the scores of a point's neighbours from its block.
 *
 * <p>Confined to one thread.
 */
final class BlockScorer {
    final int[] neighbors = new int[SignCodes.NEIGHBORS];
    final float[] scores = new float[SignCodes.NEIGHBORS];
    private final MemorySegment blocks;
    private final long rowBytes;
    private final long blockBytes;
    private final Metric metric;
    private final Rotation rotation;
    private final SignQuery query;
    private final float[] plain;
    private final float[] rotated;
    private final short[] sums = new short[SignCodes.NEIGHBORS];

    BlockScorer(
            MemorySegment blocks, long rowBytes, int dimension, Metric metric, Rotation rotation) {
        this.blocks = blocks;
        this.rowBytes = rowBytes;
        this.metric = metric;
        this.rotation = rotation;
        blockBytes = SealedGraphFormat.blockBytes(dimension);
        query = new SignQuery(dimension);
        plain = new float[dimension];
        rotated = new float[rotation.rotatedDimension()];
    }

    void load(float[] elements) {
        float[] source = elements;
        if (metric == Metric.COSINE) {
            double squaredNorm = FloatDot.dot(elements, elements);
            double scale = squaredNorm > 0 ? 1 / Math.sqrt(squaredNorm) : 0;
            for (int i = 0; i < plain.length; i++) {
                plain[i] = (float) (elements[i] * scale);
            }
            source = plain;
        }
        rotation.apply(source, rotated);
        query.load(rotated);
    }

    /** Blocks of a row. */
    int blocksPerRow() {
        return (int) (rowBytes / blockBytes);
    }

    /**
     * Estimates the scores of a block's neighbours.
     *
     * @return a bit for each neighbour whose score is above the threshold
     */
    long score(int ordinal, int number, float pointScore, float threshold) {
        long block = ordinal * rowBytes + number * blockBytes;
        SignCodes.sums(blocks, block + SealedGraphFormat.BLOCK_CODES_AT, query, sums);
        return SignCodes.scores(
                sums,
                blocks,
                block + SealedGraphFormat.BLOCK_TERMS_AT,
                query,
                pointScore,
                threshold,
                scores);
    }

    int neighbor(int ordinal, int number, int place) {
        return blocks.get(INT, ordinal * rowBytes + number * blockBytes + 4L * place);
    }

    /** Starts to bring a row into the cache. */
    void fetch(int ordinal) {
        Prefetch.span(blocks, ordinal * rowBytes, rowBytes);
    }
}
