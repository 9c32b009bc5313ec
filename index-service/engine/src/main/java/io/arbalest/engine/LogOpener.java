package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ShardId;
import io.arbalest.wal.WriteAheadLog;

import java.io.IOException;
import java.nio.file.Path;

/** Opens the log of a shard. Thread-safe. */
@FunctionalInterface
interface LogOpener {
    /**
     * Opens or creates the log in this directory, recovering what it holds.
     *
     * @param definition of the shard's collection
     */
    WriteAheadLog open(Path directory, ShardId shard, CollectionDefinition definition, long term)
            throws IOException;
}
