package io.arbalest.common;

/** A set of ordinals of one segment: which rows a search may return. Readable by many threads. */
@FunctionalInterface
public interface OrdinalSet {
    boolean contains(int ordinal);

    /**
     * The first ordinal of the set from {@code from} on and below {@code to}, or {@code to} if
     * there is none.
     */
    default int next(int from, int to) {
        int ordinal = from;
        while (ordinal < to && !contains(ordinal)) {
            ordinal++;
        }
        return ordinal;
    }

    /** Every ordinal. */
    OrdinalSet ALL = ordinal -> true;
}
