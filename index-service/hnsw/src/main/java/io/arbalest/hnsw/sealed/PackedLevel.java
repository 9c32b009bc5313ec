package io.arbalest.hnsw.sealed;

import java.util.Arrays;

/**
 * An upper level on its way into a packed graph: its points in ascending order and the neighbours
 * of each, all as ordinals.
 *
 * <p>The arrays are the owner's; nobody writes them.
 */
record PackedLevel(int[] ordinals, int[][] lists) {
    /** The same points under other numbers. */
    PackedLevel renumbered(int[] numbers) {
        long[] order = new long[ordinals.length]; // new ordinal above, old index below
        for (int i = 0; i < order.length; i++) {
            order[i] = ((long) numbers[ordinals[i]] << 32) | i;
        }
        Arrays.sort(order);
        int[] newOrdinals = new int[order.length];
        int[][] newLists = new int[order.length][];
        for (int i = 0; i < order.length; i++) {
            newOrdinals[i] = (int) (order[i] >>> 32);
            newLists[i] = SealedGraphPacker.renumbered(lists[(int) order[i]], numbers);
        }
        return new PackedLevel(newOrdinals, newLists);
    }

    /** The place of an ordinal among the ordinals. */
    int slot(int ordinal) {
        int slot = Arrays.binarySearch(ordinals, ordinal);
        if (slot < 0) {
            throw new IllegalStateException("point " + ordinal + " is not on the level");
        }
        return slot;
    }

    long links() {
        long links = 0;
        for (int[] list : lists) {
            links += list.length;
        }
        return links;
    }

    long sizeBytes() {
        return (long) ordinals.length * SealedGraphFormat.SLOT_BYTES
                + 4 * (ordinals.length + 1L)
                + 4 * links();
    }
}
