package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;
import io.arbalest.protocol.FilterText;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.WireLimits;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.SearchRequest;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Searches and gets: checks what can be checked here, asks the nodes that own the shards, and joins
 * their answers.
 *
 * <p>Thread-safe. Callers wait on their own threads; at most {@code maxConcurrentReads} at a time.
 */
final class Reads {
    private final ClusterView view;
    private final NodeConnections connections;
    private final Semaphore permits;

    Reads(ClusterView view, NodeConnections connections, int maxConcurrentReads) {
        this.view = view;
        this.connections = connections;
        this.permits = new Semaphore(maxConcurrentReads);
    }

    SearchResult search(String collection, List<float[]> queries, SearchQuery query) {
        return limited(
                query.timeout(),
                () -> freshly(collection, known -> searchIn(known, queries, query)));
    }

    Map<PointKey, Hit> get(
            String collection, List<PointKey> keys, ArbalestClient.GetOptions options) {
        return limited(
                options.timeout(),
                () -> freshly(collection, known -> getFrom(known, keys, options)));
    }

    private interface Read<R> {
        R in(ClusterImage.Collection collection);
    }

    private <R> R limited(Duration timeout, Supplier<R> read) {
        try {
            if (!permits.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new ArbalestException(
                        ErrorCode.OVERLOADED,
                        "this client has as many reads in flight as it may",
                        "read from fewer threads, or raise maxConcurrentReads");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.DEADLINE_EXCEEDED, "interrupted while waiting", "call again", e);
        }
        try {
            return read.get();
        } finally {
            permits.release();
        }
    }

    /**
     * Runs a read; once more if it was refused and the collection turns out to have been created
     * again, or to have other fields.
     */
    private <R> R freshly(String name, Read<R> read) {
        ClusterImage.Collection known = view.collection(name);
        try {
            return read.in(known);
        } catch (ArbalestException e) {
            if (e.code() == ErrorCode.UNREACHABLE || e.code() == ErrorCode.DEADLINE_EXCEEDED) {
                throw e;
            }
            ClusterImage.Collection now = view.refresh().requireCollection(name);
            if (now.definition().equals(known.definition())) {
                throw e;
            }
            return read.in(now);
        }
    }

    private SearchResult searchIn(
            ClusterImage.Collection collection, List<float[]> queries, SearchQuery query) {
        CollectionDefinition definition = collection.definition();
        checkSearch(definition, queries, query);
        if (queries.isEmpty()) {
            return new SearchResult(
                    List.of(), Map.of(), false, new SearchResult.Statistics(0, 0, 0, 0, 0));
        }
        ReadRequest.Shape shape =
                new ReadRequest.Shape(
                        definition, false, copyOf(query.fields()), query.includeVector());
        SearchRequest template = toWire(definition, query);
        FanOut fanOut = new FanOut(view, connections, definition, query.timeout());
        fanOut.ask(
                collection.shards().stream().map(shard -> shard.shard().number()).toList(),
                shards ->
                        ReadRequest.search(
                                shape,
                                template.toBuilder().addAllShards(shards).build(),
                                queries,
                                query.timeout()));
        if (fanOut.missing().size() == collection.shards().size()) {
            throw fanOut.missing().values().iterator().next();
        }
        return AnswerMerge.search(fanOut.answers(), fanOut.missing(), queries.size(), query.k());
    }

    private static SearchRequest toWire(CollectionDefinition definition, SearchQuery query) {
        SearchRequest.Builder request =
                SearchRequest.newBuilder()
                        .setCollection(definition.name())
                        .setK(query.k())
                        .setEf(query.ef())
                        .setExact(query.exact())
                        .setSkipTail(query.skipTail())
                        .setAdaptiveStop(query.adaptiveStop())
                        .setIncludeVector(query.includeVector())
                        .setAllFields_(query.fields() == null)
                        .setExplain(query.explain())
                        .setTimeoutMillis(millis(query.timeout()));
        if (query.fields() != null) {
            request.addAllFields(query.fields());
        }
        if (query.filter() != null) {
            FilterText.checkSome(query.filter());
            request.setFilter(query.filter());
        }
        if (query.minScore() != null) {
            request.setMinScore(query.minScore());
        }
        if (query.token() != null) {
            request.setToken(TokenCodec.toWire(TokenCodec.fromBytes(query.token().bytes())));
        }
        return request.build();
    }

    private static void checkKeys(List<PointKey> keys, CollectionDefinition definition) {
        checkLimit(keys.size(), WireLimits.MAX_KEYS, "keys");
        for (PointKey key : keys) {
            if (key.type() != definition.keyType()) {
                throw new ArbalestException(
                        ErrorCode.KEY_TYPE_MISMATCH,
                        "the collection's keys are "
                                + definition.keyType()
                                + ", got "
                                + key.type()
                                + " '"
                                + key
                                + "'",
                        "use keys of the collection's type");
            }
        }
    }

    private Map<PointKey, Hit> getFrom(
            ClusterImage.Collection collection,
            List<PointKey> keys,
            ArbalestClient.GetOptions options) {
        CollectionDefinition definition = collection.definition();
        checkKeys(keys, definition);
        Map<Integer, List<PointKey>> keysOfShard = new TreeMap<>();
        for (PointKey key : keys) {
            ShardAssignment shard = KeyHash.shardOf(collection, key);
            keysOfShard
                    .computeIfAbsent(shard.shard().number(), number -> new ArrayList<>())
                    .add(key);
        }
        ReadRequest.Shape shape =
                new ReadRequest.Shape(
                        definition, true, copyOf(options.fields()), options.includeVector());
        GetRequest.Builder template =
                GetRequest.newBuilder()
                        .setCollection(definition.name())
                        .setIncludeVector(options.includeVector())
                        .setAllFields_(options.fields() == null)
                        .setTimeoutMillis(millis(options.timeout()));
        if (options.fields() != null) {
            template.addAllFields(options.fields());
        }
        options.token()
                .ifPresent(token ->
                        template.setToken(TokenCodec.toWire(TokenCodec.fromBytes(token.bytes()))));
        GetRequest request = template.build();
        FanOut fanOut = new FanOut(view, connections, definition, options.timeout());
        fanOut.ask(
                keysOfShard.keySet(),
                shards ->
                        ReadRequest.get(
                                shape,
                                request.toBuilder().addAllShards(shards).build(),
                                keysOf(shards, keysOfShard),
                                options.timeout()));
        if (!fanOut.missing().isEmpty()) {
            Map.Entry<Integer, ArbalestException> first =
                    fanOut.missing().entrySet().iterator().next();
            throw first.getValue().prefixed("shard " + first.getKey() + " did not answer: ");
        }
        return AnswerMerge.get(fanOut.answers(), keys);
    }

    private static List<PointKey> keysOf(
            Collection<Integer> shards, Map<Integer, List<PointKey>> keysOfShard) {
        List<PointKey> keys = new ArrayList<>();
        shards.forEach(shard -> keys.addAll(keysOfShard.getOrDefault(shard, List.of())));
        return keys;
    }

    private static void checkSearch(
            CollectionDefinition definition, List<float[]> queries, SearchQuery query) {
        if (query.k() < 1) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "k is " + query.k() + ", expected at least 1",
                    "ask for one or more");
        }
        checkLimit(query.k(), WireLimits.MAX_K, "neighbours");
        checkLimit(queries.size(), WireLimits.MAX_QUERIES, "queries");
        for (int number = 0; number < queries.size(); number++) {
            float[] vector = queries.get(number);
            if (vector.length != definition.dimension()) {
                throw new ArbalestException(
                        ErrorCode.DIMENSION_MISMATCH,
                        "query "
                                + number
                                + " has dimension "
                                + vector.length
                                + ", collection '"
                                + definition.name()
                                + "' has "
                                + definition.dimension(),
                        "embed the query with the model that the collection was made for");
            }
            for (int component = 0; component < vector.length; component++) {
                if (!Float.isFinite(vector[component])) {
                    throw new ArbalestException(
                            ErrorCode.VECTOR_NOT_FINITE,
                            "component "
                                    + component
                                    + " of query "
                                    + number
                                    + " is "
                                    + vector[component],
                            "send finite numbers");
                }
            }
        }
    }

    private static void checkLimit(int count, int limit, String what) {
        if (count > limit) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    count + " " + what + " are asked for, at most " + limit + " are allowed",
                    "split the request");
        }
    }

    private static int millis(Duration timeout) {
        return (int) Math.max(1, Math.min(WireLimits.MAX_TIMEOUT_MILLIS, timeout.toMillis()));
    }

    private static @Nullable List<String> copyOf(@Nullable List<String> fields) {
        return fields == null ? null : List.copyOf(fields);
    }
}
