package io.arbalest.engine;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

/**
 * What a shard answers when it cannot take a call.
 *
 * <p>Thread-safe: no state.
 */
final class ShardRefusals {
    private ShardRefusals() {}

    static ArbalestException wrongTerm(String shard, long term, long senderTerm) {
        return new ArbalestException(
                ErrorCode.WRONG_TERM,
                "shard " + shard + " is in term " + term + ", the sender believes in " + senderTerm,
                "fetch the cluster image and route again");
    }

    /** Rows are in the log, and what became of them cannot be said. */
    static ArbalestException unknownOutcome(ArbalestException reason) {
        return new ArbalestException(
                reason.code(),
                reason.detail()
                        + "; rows of this batch are in the log and are found after a restart",
                reason.fix(),
                reason);
    }

    /** Rows are in the log, and the store has no room for them. */
    static ArbalestException appliedLater(ArbalestException reason) {
        return new ArbalestException(
                reason.code(),
                reason.detail()
                        + "; outcome unknown: rows of this batch that are in the log are found when"
                        + " there is room",
                reason.fix(),
                reason);
    }

    static ArbalestException shuttingDown(String shard) {
        return new ArbalestException(
                ErrorCode.SHUTTING_DOWN,
                "shard " + shard + " is closing; the outcome of waiting writes is unknown",
                "fetch the cluster image and try again");
    }

    static ArbalestException notReady(String shard, String progress) {
        return new ArbalestException(
                ErrorCode.SHARD_NOT_READY,
                "shard " + shard + " opens" + progress,
                "try again in a moment");
    }
}
