package io.arbalest.engine;

import io.arbalest.model.ShardId;

import java.nio.file.Path;

/**
 * Where a shard runs, and with what.
 *
 * @param term in which this node owns it
 * @param directory of its files
 * @param reserve of the disk that they lie on
 */
record ShardSite(
        ShardId id,
        long term,
        Path directory,
        EngineOptions options,
        Env env,
        LogOpener logs,
        ShardWorkers workers,
        DiskReserve reserve) {}
