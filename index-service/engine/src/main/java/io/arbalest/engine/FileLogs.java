package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardId;
import io.arbalest.wal.FileWriteAheadLog;
import io.arbalest.wal.LogCorruptException;
import io.arbalest.wal.LogCut;
import io.arbalest.wal.LogEnvironment;
import io.arbalest.wal.LogIdentity;
import io.arbalest.wal.LogLoss;
import io.arbalest.wal.WalOptions;
import io.arbalest.wal.WriteAheadLog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Opens logs on the node's disk. A damaged one is cut first if that loss was accepted; it must not
 * reach back into what the metadata store holds, whose rows would then have no vectors.
 *
 * <p>Thread-safe.
 */
final class FileLogs implements LogOpener {
    private final WalOptions options;
    private final Env env;
    private final Set<AcceptedLoss> accepted;

    FileLogs(EngineOptions options, Env env) {
        this(options, env, Set.of());
    }

    FileLogs(EngineOptions options, Env env, Set<AcceptedLoss> accepted) {
        this.accepted = Set.copyOf(accepted);
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
                        env.random(),
                        env.metrics(),
                        List.of(ShardMetrics.labels(shard, definition)),
                        env.crashPoints());
        LogIdentity identity = new LogIdentity(shard.incarnation(), shard.number());
        try {
            return FileWriteAheadLog.open(directory, identity, term, options, environment);
        } catch (LogCorruptException e) {
            LogLoss loss = e.loss();
            if (loss == null) {
                throw e;
            }
            requireAccepted(
                    new AcceptedLoss(definition.name() + "/" + shard.number(), loss.firstLost()),
                    heldByStore(directory.resolveSibling("metadata"), definition),
                    e);
            new LogCut(env.disk(), directory, identity)
                    .cut(loss.firstLost(), options.fileBytes(), env.clock());
            return FileWriteAheadLog.open(directory, identity, term, options, environment);
        }
    }

    private void requireAccepted(AcceptedLoss loss, long heldByStore, LogCorruptException corrupt) {
        if (heldByStore >= loss.firstLost()) {
            throw new ArbalestException(
                    ErrorCode.LOG_CORRUPT,
                    corrupt.getMessage()
                            + "; the metadata store holds rows up to "
                            + heldByStore
                            + ", so the log cannot end before row "
                            + loss.firstLost(),
                    ArbalestException.REFILL,
                    corrupt);
        }
        if (!accepted.contains(loss)) {
            throw new ArbalestException(
                    ErrorCode.LOG_CORRUPT,
                    String.valueOf(corrupt.getMessage()),
                    ArbalestException.REFILL
                            + "; or accept the loss of "
                            + corrupt.loss()
                            + " by starting the node once with --accept-data-loss "
                            + loss,
                    corrupt);
        }
    }

    /** The last row that the shard's store holds; 0 if there is no store. */
    private long heldByStore(Path directory, CollectionDefinition definition) throws IOException {
        if (!env.disk().exists(directory)) {
            return 0;
        }
        try (ShardMetadata metadata = new ShardMetadata(env.stores().open(directory), definition)) {
            return metadata.appliedSequenceNumber();
        }
    }
}
