package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A connection to a cluster. Thread-safe; one per process is enough. Every failure is an {@link
 * io.arbalest.model.ArbalestException} with a code.
 */
public interface ArbalestClient extends AutoCloseable {
    /**
     * A client of the cluster that these nodes belong to. Nothing is sent before the first call.
     *
     * @param endpoints {@code host:port} of one or several nodes' Flight ports; the others are
     *     found through them
     * @throws ArbalestException MISSING_RUNTIME if the JVM was started without {@code
     *     --add-opens=java.base/java.nio=ALL-UNNAMED}, which Arrow needs; INVALID_CONFIGURATION for
     *     an unreadable endpoint
     */
    static ArbalestClient connect(List<String> endpoints, ClientOptions options) {
        return FlightArbalestClient.connect(endpoints, options);
    }

    /** A client with {@link ClientOptions#DEFAULT}. */
    static ArbalestClient connect(List<String> endpoints) {
        return connect(endpoints, ClientOptions.DEFAULT);
    }

    /** What this client last heard of the cluster; asks for it if it has not yet. */
    ClusterImage image();

    /** Asks a node for the newest image. */
    ClusterImage refresh();

    /** Creates a collection; the definition's incarnation is ignored. */
    ClusterImage.Collection createCollection(CollectionDefinition definition, boolean ifNotExists);

    /**
     * Adds a field to a collection that is in use, and waits until the nodes that answer know it.
     * Points that were written before have the field's default, or null; writers that do not know
     * the field go on, and what they write has the default. The very field again changes nothing.
     *
     * @throws ArbalestException FIELD_EXISTS if there is another of that name, INVALID_DEFINITION
     *     if there are too many
     */
    ClusterImage.Collection addField(String collection, Field field);

    void dropCollection(String name, boolean ifExists);

    /**
     * Shards by collection and number as the nodes report them; a node that does not answer is left
     * out.
     */
    List<ShardReport> shardReports(String collection);

    /** Opens a writer; its streams close with it. */
    PointWriter openWriter(
            String collection, WriterOptions options, PointWriter.RejectionHandler rejections);

    /** Writes a few points and waits until they are durable and searchable. */
    Token write(String collection, List<Point> points);

    /**
     * Deletes the points that a filter accepts, where they are. Every point that is acknowledged
     * before the call is looked at once; one that is written again between the look and the delete
     * stays as it was written. Readers may see some of the points gone before the others.
     *
     * @return also if some shard did not finish: see there
     * @throws ArbalestException the filter's codes, with the place; FILTER_MISSING if there is no
     *     filter and not all points are meant
     */
    DeletedPoints deleteWhere(String collection, DeleteOptions options);

    /**
     * As {@link #deleteWhere(String, DeleteOptions)}, again and again until every shard has
     * finished.
     *
     * @param filter text of the filter language
     * @param timeout of each step
     * @return how many were deleted
     * @throws ArbalestException also if a shard does not answer
     */
    default long deleteWhere(String collection, String filter, Duration timeout) {
        DeleteOptions options = new DeleteOptions(filter, false, false, Optional.empty(), timeout);
        long deleted = 0;
        while (true) {
            DeletedPoints step = deleteWhere(collection, options);
            deleted += step.deleted();
            if (!step.missing().isEmpty()) {
                Map.Entry<Integer, ArbalestException> first =
                        step.missing().entrySet().iterator().next();
                throw first.getValue()
                        .prefixed(
                                deleted
                                        + " points were deleted, but shard "
                                        + first.getKey()
                                        + " did not finish: ");
            }
            if (step.finished()) {
                return deleted;
            }
        }
    }

    /**
     * Searches with one or several queries {@code [queries][dimension]}. A shard that does not
     * answer is named in the result.
     */
    SearchResult search(String collection, List<float[]> queries, SearchQuery query);

    /**
     * Points by key; missing keys are left out. Fails with UNREACHABLE if a shard that holds one of
     * them does not answer.
     */
    Map<PointKey, Hit> get(String collection, List<PointKey> keys, GetOptions options);

    @Override
    void close();

    /** One shard as its node reports it. */
    record ShardReport(
            String node,
            String collection,
            int shard,
            long term,
            String state,
            long durableSequenceNumber,
            long appliedSequenceNumber,
            long livePoints,
            long linkedPoints,
            long tailPoints,
            long tombstones,
            long staleRows,
            long duplicateRows,
            long walBytes,
            String error) {}

    /**
     * What to delete.
     *
     * @param filter text of the filter language; empty only with {@code all}
     * @param all every point is meant
     * @param dryRun only count
     * @param token wait until this write is visible
     * @param timeout after which the nodes say how far they came; at most 10 minutes
     */
    record DeleteOptions(
            String filter, boolean all, boolean dryRun, Optional<Token> token, Duration timeout) {}

    /**
     * How to get.
     *
     * @param fields which metadata to return; null: all
     */
    record GetOptions(
            @Nullable List<String> fields,
            boolean includeVector,
            Optional<Token> token,
            Duration timeout) {
        public static final GetOptions DEFAULT =
                new GetOptions(null, false, Optional.empty(), Duration.ofSeconds(10));
    }
}
