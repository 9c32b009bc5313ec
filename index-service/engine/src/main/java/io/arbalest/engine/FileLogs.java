package io.arbalest.engine;

import io.arbalest.model.ShardId;
import io.arbalest.wal.WriteAheadLog;
import java.io.IOException;
import java.nio.file.Path;

/** Opens logs on the node's disk. Thread-safe. */
final class FileLogs implements LogOpener {
    private final EngineOptions options;
    private final Env env;

    FileLogs(EngineOptions options, Env env) {
        this.options = options;
        this.env = env;
    }

    @Override
    public WriteAheadLog open(Path directory, ShardId shard, long term) throws IOException {
        throw new IOException(env.clock() + " no log of " + options.walFileBytes() + " bytes a file yet");
    }
}
