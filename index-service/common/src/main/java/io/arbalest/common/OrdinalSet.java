package io.arbalest.common;

/** A set of ordinals of one segment: which rows a search may return. Readable by many threads. */
@FunctionalInterface
public interface OrdinalSet {
    boolean contains(int ordinal);

    /** Every ordinal. */
    OrdinalSet ALL = ordinal -> true;
}
