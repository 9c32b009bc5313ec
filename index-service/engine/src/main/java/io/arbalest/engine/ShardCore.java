package io.arbalest.engine;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardId;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** One shard. Thread-safe. */
final class ShardCore implements Shard, AutoCloseable {
    private final ShardId id;
    private final CollectionDefinition definition;
    private final long term;

    ShardCore(
            ShardId id,
            CollectionDefinition definition,
            long term,
            Path directory,
            EngineOptions options,
            Env env,
            Executor indexer) {
        this.id = id;
        this.definition = definition;
        this.term = term;
    }

    void open() {}

    long term() {
        return term;
    }

    ShardState state() {
        return ShardState.RECOVERING;
    }

    @Override
    public ShardId id() {
        return id;
    }

    @Override
    public CollectionDefinition collection() {
        return definition;
    }

    @Override
    public ShardStatistics statistics() {
        return new ShardStatistics(state(), term, 0, 0, 0, 0, 0, 0, 0, 0, 0, "");
    }

    @Override
    public CompletableFuture<WriteResult> write(long senderTerm, RowBatch rows) {
        return CompletableFuture.failedFuture(notReady());
    }

    @Override
    public ShardSearchResult search(List<float[]> queries, SearchSpec spec) {
        throw notReady();
    }

    @Override
    public List<@Nullable FoundRow> get(
            List<PointKey> keys, List<String> fields, boolean includeVector, long minSequenceNumber, long deadlineNanos) {
        throw notReady();
    }

    private ArbalestException notReady() {
        return new ArbalestException(ErrorCode.SHARD_NOT_READY, "shard " + id + " is recovering", "try again");
    }

    @Override
    public void close() {}
}
