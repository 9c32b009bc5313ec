package io.arbalest.engine;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.List;

/** A store whose writes fail from a moment on. */
final class FailingStore extends ForwardingStore {
    private boolean failing;

    void fail() {
        failing = true;
    }

    @Override
    void before(List<Change> changes) {
        if (failing) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED, "the store cannot be written", "free some space");
        }
    }
}
