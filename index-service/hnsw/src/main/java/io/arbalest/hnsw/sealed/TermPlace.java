package io.arbalest.hnsw.sealed;

import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteTerms;

/**
 * Where in CODES the two terms of a score lie that each row of seven bits an element needs; see
 * {@link SealedGraphFormat}.
 */
enum TermPlace {
    /**
     * In a run of their own before the rows: one cache line more a point. What rows have that are
     * too short for the other, and all that were packed before there was the other.
     */
    APART(1, 1),
    /** In the rows, {@link ByteTerms}. */
    INSIDE(3, 2);

    private final int number;
    private final int version;

    TermPlace(int number, int version) {
        this.number = number;
        this.version = version;
    }

    /** Where this release puts them. */
    static TermPlace of(int dimension) {
        return dimension >= ByteTerms.CODES ? INSIDE : APART;
    }

    /** Of the kind of codes that a head names; {@link #APART} if they are not of seven bits. */
    static TermPlace ofNumber(byte number) {
        return number == INSIDE.number ? INSIDE : APART;
    }

    /** The kind of codes in the head. */
    byte number() {
        return (byte) number;
    }

    /** The version of the format that knows it. */
    byte version() {
        return (byte) version;
    }

    /** Where the rows start in CODES. */
    long rowsAt(int dimension, int points) {
        long terms = this == APART ? (long) points * SealedGraphFormat.TERM_BYTES : 0;
        return SealedGraphFormat.aligned(SealedGraphFormat.codeTermsAt(dimension) + terms);
    }

    /** Bytes of CODES. */
    long sectionBytes(int dimension, int points) {
        return rowsAt(dimension, points)
                + (long) points * ByteCodes.rowBytes(dimension)
                + ByteCodes.TAIL_BYTES;
    }
}
