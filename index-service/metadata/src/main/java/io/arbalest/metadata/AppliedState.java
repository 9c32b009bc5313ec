package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * How far a shard's store is, and what is counted in it; changes with every batch.
 *
 * @param sequenceNumber every row up to it is in the store; 0: none
 * @param livePoints keys that have a row
 * @param tombstones keys that are deleted and remembered
 * @param horizon the highest version of a tombstone that is forgotten; null: none was
 *     <p>Immutable.
 */
record AppliedState(
        long sequenceNumber, long livePoints, long tombstones, @Nullable Version horizon) {
    /** What the store holds. */
    static AppliedState read(KeyValueStore store) {
        byte[] counts = store.get(Family.STATE, MetadataFormat.COUNTS);
        byte[] horizon = store.get(Family.STATE, MetadataFormat.HORIZON);
        return new AppliedState(
                MetadataFormat.applied(store.get(Family.STATE, MetadataFormat.APPLIED)),
                counts == null ? 0 : MetadataFormat.liveCount(counts),
                counts == null ? 0 : MetadataFormat.tombstoneCount(counts),
                horizon == null ? null : MetadataFormat.horizon(horizon));
    }

    /** Adds itself to a batch of the store. */
    void addTo(List<Change> changes) {
        put(changes, MetadataFormat.APPLIED, MetadataFormat.applied(sequenceNumber));
        put(changes, MetadataFormat.COUNTS, MetadataFormat.counts(livePoints, tombstones));
        if (horizon != null) {
            put(changes, MetadataFormat.HORIZON, MetadataFormat.horizon(horizon));
        }
    }

    private static void put(List<Change> changes, byte[] key, byte[] value) {
        changes.add(new Change(Family.STATE, key, value));
    }
}
