package io.arbalest.engine;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.List;

/** A store whose writes fail from a moment on, and until another one. */
final class FailingStore extends ForwardingStore {
    private ErrorCode failing = ErrorCode.INTERNAL;

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
        if (failing != ErrorCode.INTERNAL) {
            throw new ArbalestException(failing, "the store cannot be written", "free some space");
        }
    }
}
