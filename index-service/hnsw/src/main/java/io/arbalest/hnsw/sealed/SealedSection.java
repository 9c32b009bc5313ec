package io.arbalest.hnsw.sealed;

/**
 * A part of a packed graph that is stored on its own, so that whoever maps it can advise the system
 * by role. {@link SealedGraphFormat} says what is in each.
 */
public enum SealedSection {
    /** Counts, parameters and the checksums of all other sections. Read once. */
    HEAD(0),
    /** Binary16 vectors. Random access, one vector at a time. */
    VECTORS(1),
    /** Two terms of the score for each vector. Random access, hot. */
    TERMS(2),
    /** The power of two of each vector. Read when a vector is read back. */
    EXPONENTS(3),
    /** Where each list of level 0 starts. Random access, hot. */
    OFFSETS(4),
    /** The lists of level 0. Random access, hot. */
    NEIGHBORS(5),
    /** The upper levels. Random access, small, hot. */
    UPPER(6),
    /** Compact codes, one a point. Random access, hot. */
    CODES(7),
    /** Neighbours and their codes, one block a point. Random access, hot. */
    BLOCKS(8);

    private final int number;

    SealedSection(int number) {
        this.number = number;
    }

    /** The number under which files and the head know the section; never changes. */
    public int number() {
        return number;
    }
}
