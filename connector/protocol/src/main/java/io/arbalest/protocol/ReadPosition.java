package io.arbalest.protocol;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The content of a token: what must be visible before a read answers. Its bytes are made by {@link
 * TokenCodec}.
 *
 * <p>Immutable.
 *
 * @param incarnation of the collection that was written
 * @param positions sequence number that must be applied, by shard number
 */
public record ReadPosition(UUID incarnation, SortedMap<Integer, Long> positions) {
    public ReadPosition {
        positions = Collections.unmodifiableSortedMap(new TreeMap<>(positions));
    }

    public ReadPosition(UUID incarnation, Map<Integer, Long> positions) {
        this(incarnation, (SortedMap<Integer, Long>) new TreeMap<>(positions));
    }

    /**
     * What covers both: the higher sequence number of each shard. Refused with {@link
     * ErrorCode#STALE_INCARNATION} if they are of different creations of a collection.
     */
    public ReadPosition merge(ReadPosition other) {
        if (!incarnation.equals(other.incarnation)) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "tokens of two collections cannot be joined: "
                            + incarnation
                            + " and "
                            + other.incarnation,
                    "use one token per collection");
        }
        SortedMap<Integer, Long> merged = new TreeMap<>(positions);
        other.positions.forEach(
                (shard, sequenceNumber) -> merged.merge(shard, sequenceNumber, Math::max));
        return new ReadPosition(incarnation, merged);
    }
}
