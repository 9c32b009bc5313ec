package io.arbalest.engine;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.util.Objects;
import java.util.Optional;

/**
 * In which state a shard is, and why. A shard fails once: the first reason stays, but damage of its
 * files counts for more than the reason for which it only takes no writes. Only what finds no room
 * to be opened is opened again.
 *
 * <p>Thread-safe.
 */
final class ShardCondition {
    private volatile ShardState state = ShardState.RECOVERING;
    private volatile @Nullable ArbalestException failure;
    private final DiskReserve reserve;
    private volatile @Nullable ArbalestException noRoomForLog;
    private volatile @Nullable ArbalestException noRoomForSegments;
    private volatile @Nullable ArbalestException noRoomForStore;
    private volatile boolean noRoomToOpen;
    private volatile boolean closing;

    ShardCondition(DiskReserve reserve) {
        this.reserve = reserve;
    }

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

    /** The disk has no room for segments, or for the store to be flushed; null: it has. */
    void noRoomForSegments(@Nullable ArbalestException problem) {
        noRoomForSegments = problem;
    }

    /** The store does not take rows for want of room; null: it takes them. Whether this is news. */
    boolean noRoomForStore(@Nullable ArbalestException problem) {
        boolean news = (noRoomForStore == null) != (problem == null);
        noRoomForStore = problem;
        return news;
    }

    /**
     * Why no write is taken for now; null: writes are. The log is not asked: it tries again with
     * each record.
     */
    @Nullable ArbalestException refusal() {
        if (noRoomForStore != null) {
            return noRoomForStore;
        }
        return noRoomForSegments == null ? reserve.problem() : noRoomForSegments;
    }

    private @Nullable ArbalestException noRoom() {
        return noRoomForLog == null ? refusal() : noRoomForLog;
    }

    synchronized void serving() {
        if (noRoomToOpen) {
            noRoomToOpen = false;
            failure = null;
        }
        state = failure == null ? ShardState.SERVING : state; // it may have failed meanwhile
    }

    /** Whether it may be opened: it never was, or found no room. */
    synchronized boolean opening() {
        return (state == ShardState.RECOVERING || noRoomToOpen) && !closing;
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
        if ((state == ShardState.FAILED && !noRoomToOpen) || closing) {
            return false;
        }
        noRoomToOpen = false;
        failure = reason;
        state = ShardState.FAILED;
        return true;
    }

    /** Answers nothing until it is opened again, for want of room; whether this is news. */
    synchronized boolean noRoomToOpen(ArbalestException reason) {
        boolean news = !noRoomToOpen;
        noRoomToOpen = fail(reason);
        return news && noRoomToOpen;
    }

    /** Whether it could be opened if the disk had room. */
    boolean noRoomToOpen() {
        return noRoomToOpen && !closing;
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
