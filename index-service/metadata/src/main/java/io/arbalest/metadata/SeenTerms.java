package io.arbalest.metadata;

import java.util.Arrays;

/**
 * A Bloom filter (Bloom, CACM 1970) over the postings of the block that is being filled, so that a
 * term's first occurrence, by far the most frequent case for unique values, costs no read of the
 * store. It is certain only about blocks that it has seen from their first row.
 *
 * <p>1 MiB of bits and 4 probes: below 0.1 % false answers up to 600,000 terms a block; beyond,
 * reads grow more frequent.
 *
 * <p>Confined to the applier thread.
 */
final class SeenTerms {
    private static final int BITS = 1 << 23;
    private static final int PROBES = 4;

    private final long[] words = new long[BITS / Long.SIZE];
    private long block = -1;
    private boolean complete;

    /**
     * Says which block the next terms belong to.
     *
     * @param fresh nothing of this block is in the store
     */
    void enter(long newBlock, boolean fresh) {
        if (newBlock != block) {
            block = newBlock;
            complete = fresh;
            if (fresh) {
                Arrays.fill(words, 0);
            }
        }
    }

    /** Whether a block is the one entered last. */
    boolean covers(long otherBlock) {
        return otherBlock == block;
    }

    /** Whether the posting with this hash may be in the store; from now on it may. */
    boolean mayContainThenAdd(long hash) {
        if (!complete) {
            return true;
        }
        boolean all = true;
        int step = (int) (hash >>> 32) | 1;
        int probe = (int) hash;
        for (int i = 0; i < PROBES; i++) {
            int bit = probe & (BITS - 1);
            long mask = 1L << bit;
            all &= (words[bit >>> 6] & mask) != 0;
            words[bit >>> 6] |= mask;
            probe += step;
        }
        return all;
    }
}
