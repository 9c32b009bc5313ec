package io.arbalest.engine;

import java.util.Optional;

/**
 * Somebody's word that a damaged log may end before this row. It names the damage, so that it does
 * not stand for another one.
 *
 * <p>Immutable.
 *
 * @param shard {@code COLLECTION/NUMBER}
 * @param firstLost the first row that is lost
 */
public record AcceptedLoss(String shard, long firstLost) {
    /** Reads {@code COLLECTION/NUMBER@ROW}; empty if the text is not that. */
    public static Optional<AcceptedLoss> parse(String text) {
        int at = text.lastIndexOf('@');
        if (at < 0 || !text.substring(0, at).matches(".+/[0-9]+")) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new AcceptedLoss(
                            text.substring(0, at), Long.parseLong(text.substring(at + 1))));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return shard + "@" + firstLost;
    }
}
