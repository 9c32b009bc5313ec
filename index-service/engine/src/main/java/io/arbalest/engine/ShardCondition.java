package io.arbalest.engine;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.util.Objects;
import java.util.Optional;

/**
 * In which state a shard is, and why. A shard fails once: the first reason stays, but damage of its
 * files counts for more than the reason for which it only takes no writes.
 *
 * <p>Thread-safe.
 */
final class ShardCondition {
    private volatile ShardState state = ShardState.RECOVERING;
    private volatile @Nullable ArbalestException failure;
    private volatile @Nullable ArbalestException noRoomForLog;
    private volatile @Nullable ArbalestException noRoomForSegments;
    private volatile boolean closing;

    ShardState state() {
        return state == ShardState.SERVING && noRoom() != null ? ShardState.READ_ONLY : state;
    }

    /** Why no write is taken until the node restarts; null: writes are. */
    @Nullable ArbalestException failure() {
        return failure;
    }

    /** Why nothing at all is answered; empty: the shard has not failed. */
    Optional<ArbalestException> failed() {
        return state == ShardState.FAILED ? Optional.ofNullable(failure) : Optional.empty();
    }

    /** For people; empty: all is well. */
    String problem() {
        ArbalestException reason = failure == null ? noRoom() : failure;
        return reason == null ? "" : Objects.requireNonNullElse(reason.getMessage(), "");
    }

    /** The disk has no room for the log, which takes no records; null: it takes them again. */
    void noRoomForLog(@Nullable ArbalestException problem) {
        noRoomForLog = problem;
    }

    /** The disk has no room for segments or the store; null: it has. */
    void noRoomForSegments(@Nullable ArbalestException problem) {
        noRoomForSegments = problem;
    }

    private @Nullable ArbalestException noRoom() {
        return noRoomForLog == null ? noRoomForSegments : noRoomForLog;
    }

    synchronized void serving() {
        state = ShardState.SERVING;
    }

    /** Takes no writes from now on; whether this is news. */
    synchronized boolean readOnly(ArbalestException reason) {
        if (failure != null || closing) {
            return false;
        }
        failure = reason;
        state = ShardState.READ_ONLY;
        return true;
    }

    /** Answers nothing from now on; whether this is news. */
    synchronized boolean fail(ArbalestException reason) {
        if (state == ShardState.FAILED || closing) {
            return false;
        }
        failure = reason;
        state = ShardState.FAILED;
        return true;
    }

    boolean closing() {
        return closing;
    }

    synchronized void close() {
        closing = true;
    }

    /** Nothing is open any more. */
    synchronized void closed() {
        state = state == ShardState.FAILED ? state : ShardState.RECOVERING;
    }
}
