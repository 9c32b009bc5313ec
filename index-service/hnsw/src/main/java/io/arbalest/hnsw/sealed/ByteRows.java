package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteTerms;

import java.lang.foreign.MemorySegment;

/**
 * The rows of CODES with seven bits an element, and their two terms wherever those lie; see {@link
 * SealedGraphFormat}.
 *
 * <p>Thread-safe once it is written.
 */
final class ByteRows {
    private final MemorySegment codes;
    private final int dimension;
    private final boolean inside; // whether rows hold their terms
    private final long termsAt; // else
    private final long rowsAt;
    private final int rowBytes;

    ByteRows(MemorySegment codes, TermPlace place, int points, int dimension) {
        this.codes = codes;
        this.dimension = dimension;
        inside = place == TermPlace.INSIDE;
        termsAt = SealedGraphFormat.codeTermsAt(dimension);
        rowsAt = place.rowsAt(dimension, points);
        rowBytes = ByteCodes.rowBytes(dimension);
    }

    /** Where row 0 starts in CODES. */
    long start() {
        return rowsAt;
    }

    int rowBytes() {
        return rowBytes;
    }

    /** Whether the rows are such as {@link VnniScores} takes: with their terms. */
    boolean holdTerms() {
        return inside;
    }

    private long row(int ordinal) {
        return rowsAt + (long) ordinal * rowBytes;
    }

    private long term(int ordinal) {
        return termsAt + (long) ordinal * SealedGraphFormat.TERM_BYTES;
    }

    /** Encodes a vector into a row of zeros; its factor follows from it, its offset is given. */
    void put(int ordinal, float[] vector, float offset) {
        float factor = ByteCodes.encode(vector, codes, row(ordinal));
        if (inside) {
            ByteTerms.put(codes, row(ordinal), factor, offset);
        } else {
            codes.set(FLOAT, term(ordinal), factor);
            codes.set(FLOAT, term(ordinal) + Float.BYTES, offset);
        }
    }

    float factor(int ordinal) {
        return inside ? ByteTerms.factor(codes, row(ordinal)) : codes.get(FLOAT, term(ordinal));
    }

    float offset(int ordinal) {
        return inside
                ? ByteTerms.offset(codes, row(ordinal))
                : codes.get(FLOAT, term(ordinal) + Float.BYTES);
    }

    /** Whether no code of the row is larger than seven bits. */
    boolean codesFit(int ordinal) {
        return ByteTerms.codesFit(codes, row(ordinal), rowBytes, inside);
    }

    /** {@link ByteCodes#dots} of some rows. */
    void dots(int[] ordinals, int count, ByteQuery query, int[] dots) {
        ByteCodes.dots(codes, rowsAt, ordinals, count, query, dots);
    }

    /** Float bits of the terms of some rows. */
    void terms(int[] ordinals, int count, int[] factors, int[] offsets) {
        if (inside) {
            ByteTerms.read(codes, rowsAt, rowBytes, ordinals, count, factors, offsets);
            return;
        }
        for (int i = 0; i < count; i++) {
            factors[i] = codes.get(INT, term(ordinals[i]));
            offsets[i] = codes.get(INT, term(ordinals[i]) + Float.BYTES);
        }
    }

    /** Starts to bring some rows and their terms into the cache. */
    void fetch(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(codes, rowsAt, rowBytes, dimension, ordinals, 0, count);
        if (!inside) {
            int bytes = SealedGraphFormat.TERM_BYTES;
            prefetch.rows(codes, termsAt, bytes, bytes, ordinals, 0, count);
        }
    }

    /** As the other, of one row. */
    void fetch(int ordinal) {
        Prefetch.span(codes, row(ordinal), dimension);
        if (!inside) {
            Prefetch.span(codes, term(ordinal), SealedGraphFormat.TERM_BYTES);
        }
    }
}
