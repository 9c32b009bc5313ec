package io.arbalest.wal;

import java.util.UUID;

/**
 * Whose log it is; stands in every file, so that a file that was copied to a wrong place is
 * refused.
 *
 * <p>Immutable.
 *
 * @param incarnation of the collection
 * @param shard number of the shard in the collection
 */
public record LogIdentity(UUID incarnation, int shard) {
    @Override
    public String toString() {
        return incarnation + "/" + shard;
    }
}
