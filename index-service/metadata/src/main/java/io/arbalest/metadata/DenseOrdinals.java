package io.arbalest.metadata;

import io.arbalest.common.OrdinalSet;

/** Ordinals of one segment as one bit each. Immutable once handed out. */
final class DenseOrdinals implements OrdinalSet {
    private final long[] words;

    /**
     * @param words owned by this object from now on
     */
    DenseOrdinals(long[] words) {
        this.words = words;
    }

    @Override
    public boolean contains(int ordinal) {
        int word = ordinal >>> 6;
        return word < words.length && ((words[word] >>> (ordinal & 63)) & 1) != 0;
    }
}
