package io.arbalest.engine;

import io.arbalest.io.NativeThreads;

/**
 * Who gets a processor when there are fewer of them than threads that want one: first what somebody
 * waits for, searches and the way of a write to its acknowledgement; then linking; then sealing and
 * merging. Nothing starves: what is nice gets less, and both have limits that hold writers back
 * when they fall behind.
 *
 * <p>Thread-safe: no state.
 */
public final class ThreadPriorities {
    static final String INDEXER = "indexer";
    static final String MERGER = "merger";

    /**
     * Two fifths of what a search gets. {@code bench load} on two processors, four runs: of the
     * rows a second of writing alone .77 to .80 are left beside searches, whose p99 is 1.1 to 1.4
     * times that of searching alone. With a nice value of 2, in six runs, .77 to .87 and 1.2 to
     * 2.0.
     */
    private static final int INDEXER_NICE = 4;

    /** A twelfth of what the indexer gets. */
    private static final int MERGER_NICE = 15;

    private ThreadPriorities() {}

    /** Tells the kernel about the calling thread, which starts to work in a role. */
    public static void enter(String role) {
        switch (role) {
            case INDEXER -> NativeThreads.nice(INDEXER_NICE);
            case MERGER -> NativeThreads.nice(MERGER_NICE);
            default -> {
                // as the process
            }
        }
    }
}
