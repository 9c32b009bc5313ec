package io.arbalest.hnsw.sealed;

/**
 * Ends a walk early: when the best k have not changed for a number of expansions, further ones will
 * hardly change them (the patience of Lucene's collector).
 *
 * <p>Confined to one thread.
 */
final class SettledStop {
    /** Does not end any walk. */
    static final SettledStop NEVER = new SettledStop(true);

    /** Expansions that every walk makes before it may end. */
    private static final int LEAST = 16;

    /** Expansions without a change, as a share of k. */
    private static final float PATIENCE = 0.3f;

    private final boolean never;
    private int patience;
    private int lastChange;

    SettledStop() {
        this(false);
    }

    private SettledStop(boolean never) {
        this.never = never;
    }

    void reset(int k) {
        if (!never) {
            patience = LEAST + Math.round(PATIENCE * k);
            lastChange = 0;
        }
    }

    /** The best k changed. */
    void changed(int expanded) {
        if (!never) {
            lastChange = expanded;
        }
    }

    boolean reached(int expanded) {
        return !never && expanded - lastChange > patience;
    }
}
