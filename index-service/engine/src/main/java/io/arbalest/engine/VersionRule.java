package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

/**
 * Which of two writes of a key wins. A pure function of what the key has and of the log, so a
 * replay decides as the first run did.
 *
 * <ul>
 *   <li>A row with a version: applied if it is higher than what the key has, or the key has
 *       nothing; equal is a duplicate, lower is stale. A tombstone counts like a row.
 *   <li>A row with a version for an unknown key, not above the horizon: the key may have had a
 *       higher version and a delete that is forgotten. An upsert is too old then, unless its writer
 *       accepts that; a delete changes nothing that is there and is applied.
 *   <li>A row without a version for a known key: always wins, with the version {@link #after} the
 *       key's, so a person's delete beats what a stream has written so far, and what the stream
 *       writes later beats the delete.
 *   <li>A row without a version for an unknown key: {@code 0/0/sequence number}. In a collection
 *       without versions the last write wins; the first write of a versioned stream beats it too.
 * </ul>
 *
 * <p>Thread-safe: no state.
 */
final class VersionRule {
    private VersionRule() {}

    /**
     * What to do with a row.
     *
     * @param version the version that the row has if it is applied
     */
    record Decision(Outcome outcome, Version version) {}

    enum Outcome {
        APPLY,
        DUPLICATE,
        STALE,
        TOO_OLD
    }

    /**
     * What the log and the store say around a row.
     *
     * @param acceptOlder the writer may write below the horizon
     * @param horizon the highest version of a forgotten tombstone; null: none is forgotten
     */
    record Circumstances(boolean acceptOlder, @Nullable Version horizon) {
        static final Circumstances NONE = new Circumstances(false, null);
    }

    /** As {@link #decide(Location, Version, long)}, for an upsert. */
    static Decision decideUpsert(
            @Nullable Location current,
            @Nullable Version given,
            long sequenceNumber,
            Circumstances around) {
        Version horizon = around.horizon();
        if (current == null
                && given != null
                && horizon != null
                && !around.acceptOlder()
                && given.compareTo(horizon) <= 0) {
            return new Decision(Outcome.TOO_OLD, given);
        }
        return decide(current, given, sequenceNumber);
    }

    /**
     * What to do with a delete, or with an upsert while no tombstone is forgotten.
     *
     * @param current what the key has; null: nothing is known of it
     * @param given what the writer gave
     */
    static Decision decide(
            @Nullable Location current, @Nullable Version given, long sequenceNumber) {
        if (given == null) {
            Version version =
                    current == null ? new Version(0, 0, sequenceNumber) : after(current.version());
            return new Decision(Outcome.APPLY, version);
        }
        int order = current == null ? 1 : given.compareTo(current.version());
        Outcome outcome =
                order > 0 ? Outcome.APPLY : order == 0 ? Outcome.DUPLICATE : Outcome.STALE;
        return new Decision(outcome, given);
    }

    /** The next higher version; the highest of all has itself. */
    static Version after(Version version) {
        if (version.tiebreak() != Long.MAX_VALUE) {
            return new Version(version.generation(), version.version(), version.tiebreak() + 1);
        }
        if (version.version() != Long.MAX_VALUE) {
            return new Version(version.generation(), version.version() + 1, Long.MIN_VALUE);
        }
        if (version.generation() != Integer.MAX_VALUE) {
            return new Version(version.generation() + 1, Long.MIN_VALUE, Long.MIN_VALUE);
        }
        return version;
    }
}
