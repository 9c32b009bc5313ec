package io.arbalest.flight;

import io.arbalest.engine.DeleteResult;
import io.arbalest.engine.Engine;
import io.arbalest.engine.FoundRow;
import io.arbalest.engine.RowBatch;
import io.arbalest.engine.SearchSpec;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardSearchResult;
import io.arbalest.engine.ShardState;
import io.arbalest.engine.ShardStatistics;
import io.arbalest.engine.WriteResult;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Filter;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * An engine that keeps rows in a sorted map and scores by inner product over all of them: what
 * flight does with an engine can be seen without one. A gate decides when writes complete.
 */
final class TableEngine implements Engine {
    private final String nodeName;
    private final Map<ShardId, Table> tables = new ConcurrentHashMap<>();

    /** What a write waits for before it is applied; a failed future fails it. */
    volatile Supplier<CompletableFuture<Void>> gate = () -> CompletableFuture.completedFuture(null);

    /** What was deleted by filter. */
    final List<String> deletes = new CopyOnWriteArrayList<>();

    /** What was asked of shards. */
    final List<SearchSpec> searches = new CopyOnWriteArrayList<>();

    TableEngine(String nodeName) {
        this.nodeName = nodeName;
    }

    @Override
    public void follow(ClusterImage image) {
        for (ClusterImage.Collection collection : image.collections().values()) {
            for (ShardAssignment shard : collection.shards()) {
                if (shard.primary().equals(nodeName)) {
                    tables.computeIfAbsent(
                                            shard.shard(),
                                            id -> new Table(id, collection.definition()))
                                    .definition =
                            collection.definition();
                }
            }
        }
    }

    @Override
    public Optional<Shard> shard(String collection, int number) {
        return shards(collection).stream()
                .filter(shard -> shard.id().number() == number)
                .findFirst();
    }

    @Override
    public List<Shard> shards(String collection) {
        return tables.values().stream()
                .filter(table ->
                        collection.isEmpty() || table.collection().name().equals(collection))
                .map(Shard.class::cast)
                .toList();
    }

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public void close() {}

    private final class Table implements Shard {
        private final ShardId id;
        private volatile CollectionDefinition definition;
        private final Map<PointKey, FoundRow> rows = new TreeMap<>();
        private long sequenceNumber;

        Table(ShardId id, CollectionDefinition definition) {
            this.id = id;
            this.definition = definition;
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
        public CompletableFuture<Void> fieldsKnown(int count) {
            return definition.fields().size() >= count
                    ? CompletableFuture.completedFuture(null)
                    : new CompletableFuture<>();
        }

        @Override
        public synchronized DeleteResult deleteWhere(
                @Nullable Filter filter, boolean dryRun, long minSequenceNumber, long deadline) {
            deletes.add((dryRun ? "count " : "delete ") + filter);
            int found = rows.size();
            if (!dryRun) {
                rows.clear();
                sequenceNumber += found;
            }
            return new DeleteResult(found, 0, true, dryRun ? 0 : sequenceNumber);
        }

        @Override
        public synchronized ShardStatistics statistics() {
            return new ShardStatistics(
                    ShardState.SERVING,
                    1,
                    sequenceNumber,
                    sequenceNumber,
                    rows.size(),
                    0,
                    rows.size(),
                    0,
                    0,
                    0,
                    0,
                    "");
        }

        @Override
        public CompletableFuture<WriteResult> write(long term, RowBatch batch) {
            return gate.get().thenApply(_ -> apply(batch));
        }

        private synchronized WriteResult apply(RowBatch batch) {
            List<RowStatus> statuses = new ArrayList<>();
            Map<Integer, ArbalestException> errors = new HashMap<>();
            for (int row = 0; row < batch.rows(); row++) {
                Version given = batch.versions().get(row);
                PointKey key = batch.keys().get(row);
                FoundRow former = rows.get(key);
                if (given != null && former != null && given.compareTo(former.version()) <= 0) {
                    statuses.add(
                            given.equals(former.version()) ? RowStatus.DUPLICATE : RowStatus.STALE);
                    continue;
                }
                if (batch.operations().get(row) == OperationKind.DELETE) {
                    rows.remove(key);
                } else if (!batch.vectorPresent().get(row)) {
                    errors.put(
                            row, new ArbalestException(ErrorCode.VECTOR_MISSING, "no vector", ""));
                    statuses.add(RowStatus.REJECTED);
                    continue;
                } else {
                    rows.put(key, row(batch, row, given));
                }
                sequenceNumber++;
                statuses.add(RowStatus.APPLIED);
            }
            return new WriteResult(statuses, errors, sequenceNumber);
        }

        /** What is set to null, or not given, is null here. */
        private static @Nullable Object[] withoutMarks(@Nullable Object[] given) {
            @Nullable Object[] values = given.clone();
            for (int i = 0; i < values.length; i++) {
                values[i] = values[i] == ExplicitNull.NULL ? null : values[i];
            }
            return values;
        }

        private FoundRow row(RowBatch batch, int row, @Nullable Version given) {
            short[] vector = new short[definition.dimension()];
            MemorySegment.copy(
                    batch.vectors(),
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    2L * vector.length * row,
                    vector,
                    0,
                    vector.length);
            return new FoundRow(
                    batch.keys().get(row),
                    Double.NaN,
                    given == null ? new Version(0, 0, sequenceNumber) : given,
                    vector,
                    withoutMarks(Objects.requireNonNull(batch.metadata().get(row))));
        }

        @Override
        public synchronized ShardSearchResult search(List<float[]> queries, SearchSpec spec) {
            searches.add(spec);
            List<List<FoundRow>> found = new ArrayList<>();
            for (float[] query : queries) {
                found.add(
                        rows.values().stream()
                                .map(row ->
                                        answer(
                                                row,
                                                score(query, row),
                                                spec.fields(),
                                                spec.includeVector()))
                                .filter(row -> row.score() >= spec.minScore())
                                .sorted(FoundRow.BEST_FIRST)
                                .limit(spec.k())
                                .toList());
            }
            return new ShardSearchResult(found, 0, rows.size(), 0, rows.size(), rows.size(), false);
        }

        private static double score(float[] query, FoundRow row) {
            short[] vector = Objects.requireNonNull(row.vector());
            double sum = 0;
            for (int component = 0; component < query.length; component++) {
                sum += query[component] * Binary16.toFloat(vector[component]);
            }
            return sum;
        }

        private FoundRow answer(
                FoundRow row, double score, List<String> fields, boolean includeVector) {
            @Nullable Object[] metadata = new @Nullable Object[fields.size()];
            for (int index = 0; index < metadata.length; index++) {
                String name = fields.get(index);
                int at = definition.fields().indexOf(definition.field(name).orElseThrow());
                metadata[index] = at < row.metadata().length ? row.metadata()[at] : null;
            }
            return new FoundRow(
                    row.key(), score, row.version(), includeVector ? row.vector() : null, metadata);
        }

        @Override
        public synchronized List<@Nullable FoundRow> get(
                List<PointKey> keys,
                List<String> fields,
                boolean includeVector,
                long minSequenceNumber,
                long deadlineNanos) {
            List<@Nullable FoundRow> found = new ArrayList<>();
            for (PointKey key : keys) {
                FoundRow row = rows.get(key);
                found.add(row == null ? null : answer(row, Double.NaN, fields, includeVector));
            }
            return found;
        }
    }
}
