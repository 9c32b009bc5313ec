package io.arbalest.engine;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/**
 * Searchers of one segment that nobody uses. Each holds one mark a row, so only a few are kept; the
 * first is mostly the one used last, whose scratch is in the processor's caches.
 *
 * <p>Thread-safe.
 *
 * @param <S> a searcher, confined to one thread at a time
 */
final class SearcherPool<S> {
    private static final int MAX_IDLE = 4;

    private final Supplier<S> made;
    private final AtomicReferenceArray<@Nullable S> idle = new AtomicReferenceArray<>(MAX_IDLE);

    /**
     * @param made makes another searcher
     */
    SearcherPool(Supplier<S> made) {
        this.made = made;
    }

    /** One for the calling thread, until it is given back. */
    S acquire() {
        for (int i = 0; i < MAX_IDLE; i++) {
            S searcher = idle.getAndSet(i, null);
            if (searcher != null) {
                return searcher;
            }
        }
        return made.get();
    }

    /** Gives one back; it is dropped if there are enough. */
    void release(S searcher) {
        for (int i = 0; i < MAX_IDLE; i++) {
            if (idle.compareAndSet(i, null, searcher)) {
                return;
            }
        }
    }

    /** Drops all that are idle. */
    void clear() {
        for (int i = 0; i < MAX_IDLE; i++) {
            idle.set(i, null);
        }
    }
}
