package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;

import io.arbalest.memory.Prefetch;
import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteTerms;

import java.lang.foreign.MemorySegment;

/** Rows of seven bits an element, with their terms in them or apart. */
final class ByteRows extends CodeRows<ByteQuery> {
    private final boolean inside; // whether rows hold their terms
    private final long termsAt; // else

    ByteRows(MemorySegment codes, CodeForm form, int points, int dimension) {
        super(
                codes,
                form.rowsAt(dimension, points),
                form.rowBytes(dimension),
                points,
                dimension,
                new ByteQuery(dimension),
                form == CodeForm.BYTES ? VnniScores.ofBytes(dimension) : null);
        inside = form == CodeForm.BYTES;
        termsAt = SealedGraphFormat.codeTermsAt(dimension);
    }

    private long term(int ordinal) {
        return termsAt + (long) ordinal * SealedGraphFormat.TERM_BYTES;
    }

    @Override
    float encode(int ordinal, float[] vector) {
        return ByteCodes.encode(vector, codes, row(ordinal));
    }

    @Override
    int steps(int ordinal, int element) {
        return ByteCodes.steps(codes, row(ordinal), element);
    }

    @Override
    void putTerms(int ordinal, float factor, float offset) {
        if (inside) {
            ByteTerms.put(codes, row(ordinal), factor, offset);
        } else {
            codes.set(FLOAT, term(ordinal), factor);
            codes.set(FLOAT, term(ordinal) + Float.BYTES, offset);
        }
    }

    @Override
    float factor(int ordinal) {
        return inside ? ByteTerms.factor(codes, row(ordinal)) : codes.get(FLOAT, term(ordinal));
    }

    @Override
    float offset(int ordinal) {
        return inside
                ? ByteTerms.offset(codes, row(ordinal))
                : codes.get(FLOAT, term(ordinal) + Float.BYTES);
    }

    @Override
    boolean codesFit(int ordinal) {
        return ByteTerms.codesFit(codes, row(ordinal), rowBytes, inside);
    }

    @Override
    void fetch(int[] ordinals, int count, Prefetch prefetch) {
        prefetch.rows(codes, start, rowBytes, dimension, ordinals, 0, count);
        if (!inside) {
            int bytes = SealedGraphFormat.TERM_BYTES;
            prefetch.rows(codes, termsAt, bytes, bytes, ordinals, 0, count);
        }
    }

    @Override
    void fetch(int ordinal) {
        Prefetch.span(codes, row(ordinal), dimension);
        if (!inside) {
            Prefetch.span(codes, term(ordinal), SealedGraphFormat.TERM_BYTES);
        }
    }

    @Override
    float load(float[] elements) {
        query.load(elements);
        return query.step();
    }

    @Override
    void dots(int[] ordinals, int count, int[] dots) {
        ByteCodes.dots(codes, start, ordinals, count, query, dots);
    }

    @Override
    void terms(int[] ordinals, int count, int[] factors, int[] offsets) {
        if (inside) {
            ByteTerms.read(codes, start, rowBytes, ordinals, count, factors, offsets);
            return;
        }
        for (int i = 0; i < count; i++) {
            factors[i] = codes.get(INT, term(ordinals[i]));
            offsets[i] = codes.get(INT, term(ordinals[i]) + Float.BYTES);
        }
    }

    @Override
    int zero() {
        return query.zero();
    }
}
