package io.arbalest.engine;

import io.arbalest.metadata.InMemoryStore;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** A store whose writes fail from a moment on, and until another one. */
final class FailingStore extends ForwardingStore {
    private ErrorCode failing = ErrorCode.INTERNAL;

    /** Run once, by the next write, before it fails or not. */
    @Nullable Runnable meanwhile;

    /** Run once, by the read of this number from now on, before it is answered. */
    Runnable meanwhileReading = () -> {};

    int readsUntilThen;

    /** Whose rows. */
    Family watched = Family.ROWS;

    /** Reads so far. */
    int reads;

    FailingStore() {}

    FailingStore(InMemoryStore store) {
        super(store);
    }

    void fail() {
        failing = ErrorCode.STORE_FAILED;
    }

    void full() {
        failing = ErrorCode.DISK_FULL;
    }

    void mend() {
        failing = ErrorCode.INTERNAL;
    }

    @Override
    void before(List<Change> changes) {
        Runnable now = meanwhile;
        meanwhile = null;
        if (now != null) {
            now.run();
        }
        if (failing != ErrorCode.INTERNAL) {
            throw new ArbalestException(failing, "the store cannot be written", "free some space");
        }
    }

    @Override
    public byte @Nullable [] get(Family family, byte[] key) {
        reading(family);
        return super.get(family, key);
    }

    @Override
    public List<byte @Nullable []> multiGet(Family family, List<byte[]> keys) {
        reading(family);
        return super.multiGet(family, keys);
    }

    private void reading(Family family) {
        if (family != watched) {
            return;
        }
        reads++;
        if (readsUntilThen > 0 && --readsUntilThen == 0) {
            meanwhileReading.run();
        }
    }
}
