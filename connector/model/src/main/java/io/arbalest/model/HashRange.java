package io.arbalest.model;

/**
 * A closed range of unsigned 64-bit key hashes (XXH3-64, seed 0, over the key's canonical bytes).
 *
 * @param first lowest hash, as the bits of an unsigned long
 * @param last highest hash, as the bits of an unsigned long
 */
public record HashRange(long first, long last) {
    public HashRange {
        if (Long.compareUnsigned(first, last) > 0) {
            throw new IllegalArgumentException(
                    "empty hash range "
                            + Long.toUnsignedString(first)
                            + ".."
                            + Long.toUnsignedString(last));
        }
    }

    public boolean contains(long hash) {
        return Long.compareUnsigned(hash, first) >= 0 && Long.compareUnsigned(hash, last) <= 0;
    }

    /** Range number {@code number} of {@code count} equal ranges that together cover all hashes. */
    public static HashRange ofEqualParts(int number, int count) {
        if (count < 1 || number < 0 || number >= count) {
            throw new IllegalArgumentException("part " + number + " of " + count);
        }
        if (count == 1) {
            return new HashRange(0, -1);
        }
        long step = Long.divideUnsigned(-1L, count) + 1; // ceil(2^64 / count) for count >= 2
        long first = step * number;
        long last = number == count - 1 ? -1L : first + step - 1;
        return new HashRange(first, last);
    }
}
