package io.arbalest.engine;

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
     * @throws io.arbalest.model.ArbalestException LOG_CORRUPT and its kin
     */
    WriteAheadLog open(Path directory, ShardId shard, long term) throws IOException;
}
