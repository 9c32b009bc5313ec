package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.LONG;

import java.lang.foreign.MemorySegment;

/**
 * One upper level of a packed graph: slots, the ordinal and the lower slot of each, and their
 * lists.
 *
 * <p>Immutable.
 */
final class LevelLists {
    private final MemorySegment upper;
    private final long slotsAt;
    private final long offsetsAt;
    private final long linksAt;
    private final int slots;

    LevelLists(MemorySegment upper, int level) {
        this.upper = upper;
        long entry = (long) (level - 1) * SealedGraphFormat.LEVEL_BYTES;
        slotsAt = upper.get(LONG, entry);
        slots = upper.get(INT, entry + 8);
        offsetsAt = slotsAt + (long) slots * SealedGraphFormat.SLOT_BYTES;
        linksAt = offsetsAt + (slots + 1L) * Integer.BYTES;
    }

    int slots() {
        return slots;
    }

    int ordinal(int slot) {
        return upper.get(INT, slotsAt + (long) slot * SealedGraphFormat.SLOT_BYTES);
    }

    int below(int slot) {
        return upper.get(INT, slotsAt + (long) slot * SealedGraphFormat.SLOT_BYTES + 4);
    }

    /** Copies the slots that a slot links to and returns how many. */
    int read(int slot, int[] target) {
        long from = Integer.toUnsignedLong(upper.get(INT, offsetsAt + 4L * slot));
        long to = Integer.toUnsignedLong(upper.get(INT, offsetsAt + 4L * slot + 4));
        int count = (int) (to - from);
        for (int i = 0; i < count; i++) {
            target[i] = upper.get(INT, linksAt + 4 * (from + i));
        }
        return count;
    }
}
