package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ShardId;
import io.arbalest.wal.FileWriteAheadLog;
import io.arbalest.wal.LogEnvironment;
import io.arbalest.wal.LogIdentity;
import io.arbalest.wal.WalOptions;
import io.arbalest.wal.WriteAheadLog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Opens logs on the node's disk. Thread-safe. */
final class FileLogs implements LogOpener {
    private final WalOptions options;
    private final Env env;

    FileLogs(EngineOptions options, Env env) {
        this.options = WalOptions.DEFAULTS.withFileBytes(options.walFileBytes());
        this.env = env;
    }

    @Override
    public WriteAheadLog open(
            Path directory, ShardId shard, CollectionDefinition definition, long term)
            throws IOException {
        LogEnvironment environment =
                new LogEnvironment(
                        env.disk(),
                        env.scheduler(),
                        env.clock(),
                        env.metrics(),
                        List.of(ShardMetrics.labels(shard, definition)),
                        env.crashPoints());
        LogIdentity identity = new LogIdentity(shard.incarnation(), shard.number());
        return FileWriteAheadLog.open(directory, identity, term, options, environment);
    }
}
