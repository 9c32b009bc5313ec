package io.arbalest.hnsw.sealed;

import io.arbalest.simd.ByteCodes;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.NibbleCodes;

/**
 * How codes that lie once a point lie in CODES, and where the two terms of a score that each row
 * needs are; see {@link SealedGraphFormat}.
 */
enum CodeForm {
    /**
     * Seven bits an element; terms in a run of their own before the rows: one cache line more a
     * point. What rows have that are too short for the other, and all that were packed before there
     * was the other.
     */
    BYTES_APART(1, 1, CodeKind.BYTES),
    /** Seven bits an element; terms in the rows, {@link ByteTerms}. */
    BYTES(3, 2, CodeKind.BYTES),
    /** Four bits an element; terms at the start of each row. */
    NIBBLES(4, 3, CodeKind.NIBBLES);

    private final int number;
    private final int version;
    private final CodeKind kind;

    CodeForm(int number, int version, CodeKind kind) {
        this.number = number;
        this.version = version;
        this.kind = kind;
    }

    /**
     * How this release writes a kind of codes.
     *
     * @param kind one that lies once a point
     */
    static CodeForm of(CodeKind kind, int dimension) {
        return switch (kind) {
            case BYTES -> dimension >= ByteTerms.CODES ? BYTES : BYTES_APART;
            case NIBBLES -> NIBBLES;
            case NONE, SIGNS -> throw new IllegalArgumentException(kind + " in CODES");
        };
    }

    /** What the head calls {@code number}; {@link #BYTES_APART} if nothing lies in CODES. */
    static CodeForm ofNumber(byte number) {
        for (CodeForm form : values()) {
            if (form.number == number) {
                return form;
            }
        }
        return BYTES_APART;
    }

    /** The codes' number in the head. */
    byte number() {
        return (byte) number;
    }

    /** The version of the format that knows it. */
    byte version() {
        return (byte) version;
    }

    CodeKind kind() {
        return kind;
    }

    /** Elements that a vector must have at least. */
    int leastDimension() {
        return this == BYTES ? ByteTerms.CODES : 1;
    }

    /** Bytes from a row to the next. */
    int rowBytes(int dimension) {
        return this == NIBBLES ? NibbleCodes.rowBytes(dimension) : ByteCodes.rowBytes(dimension);
    }

    /** Where the rows start in CODES. */
    long rowsAt(int dimension, int points) {
        long terms = this == BYTES_APART ? (long) points * SealedGraphFormat.TERM_BYTES : 0;
        return SealedGraphFormat.aligned(SealedGraphFormat.codeTermsAt(dimension) + terms);
    }

    /** Bytes of CODES. */
    long sectionBytes(int dimension, int points) {
        return rowsAt(dimension, points)
                + (long) points * rowBytes(dimension)
                + (this == NIBBLES ? NibbleCodes.TAIL_BYTES : ByteCodes.TAIL_BYTES);
    }
}
