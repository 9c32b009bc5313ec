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

    /**
     * Copies the ordinals of the set from {@code from} on and below {@code to}, in ascending order,
     * as many as there is room for.
     *
     * @return how many were copied; fewer than there is room for: there are no more
     */
    default int copy(int from, int to, int[] target) {
        int count = 0;
        int ordinal = next(from, to);
        while (ordinal < to) {
            target[count++] = ordinal;
            if (count == target.length) {
                break;
            }
            ordinal = next(ordinal + 1, to);
        }
        return count;
    }

    /**
     * Keeps, in place and order, those of some ordinals that are in the set. What is in the array
     * behind the kept ones, up to the last of the given, and in {@code others} behind the rest, is
     * undefined afterwards.
     *
     * @param from index of the first of them
     * @param count how many they are
     * @param others receives the ordinals that are not in the set, in order; has room for all
     * @return how many were kept
     */
    default int split(int[] ordinals, int from, int count, int[] others) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            int ordinal = ordinals[from + i];
            if (contains(ordinal)) {
                ordinals[from + kept++] = ordinal;
            } else {
                others[i - kept] = ordinal;
            }
        }
        return kept;
    }

    /** Every ordinal. */
    OrdinalSet ALL = ordinal -> true;
}
