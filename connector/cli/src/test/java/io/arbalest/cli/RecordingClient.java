package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DeletedPoints;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.Token;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A whole cluster in memory: keeps points in a map, scores by inner product, and remembers what it
 * was asked.
 */
final class RecordingClient implements ArbalestClient {
    final Map<String, CollectionDefinition> definitions = new TreeMap<>();
    final Map<PointKey, Hit> points = new LinkedHashMap<>();
    final List<SearchQuery> queries = new ArrayList<>();
    final Map<Integer, ArbalestException> missing = new TreeMap<>();
    final List<ShardReport> reports = new ArrayList<>();
    @Nullable ArbalestException failure;
    boolean closed;

    RecordingClient() {
        define(
                "docs",
                2,
                List.of(new Field("section", FieldType.STRING), new Field("size", FieldType.LONG)));
    }

    void define(String name, int dimension, List<Field> fields) {
        definitions.put(
                name,
                new CollectionDefinition(
                        name,
                        new UUID(1, 2),
                        KeyType.STRING,
                        dimension,
                        Metric.IP,
                        HnswParams.DEFAULT,
                        fields,
                        1,
                        1));
    }

    void store(String id, float x, float y, Map<String, Object> metadata) {
        Point point =
                Point.upsert(PointKey.of(id), new float[] {x, y}, metadata, new Version(0, 7, 0));
        points.put(
                point.key(),
                new Hit(point.key(), Double.NaN, new Version(0, 7, 0), point.vector(), metadata));
    }

    /** Deletes by filter. */
    final List<DeleteOptions> deletes = new ArrayList<>();

    @Override
    public ClusterImage image() {
        if (failure != null) {
            throw failure;
        }
        Map<String, ClusterImage.Collection> collections = new TreeMap<>();
        definitions.forEach((name, definition) -> collections.put(name, collection(definition)));
        return new ClusterImage(3, Map.of(), collections);
    }

    private static ClusterImage.Collection collection(CollectionDefinition definition) {
        return new ClusterImage.Collection(
                definition,
                List.of(
                        new ShardAssignment(
                                new ShardId(definition.incarnation(), 0),
                                HashRange.ofEqualParts(0, 1),
                                1,
                                1,
                                "node-0",
                                List.of("node-0"),
                                List.of())));
    }

    @Override
    public ClusterImage refresh() {
        return image();
    }

    @Override
    public ClusterImage.Collection createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        definitions.put(definition.name(), definition);
        return collection(definition);
    }

    @Override
    public ClusterImage.Collection addField(String collection, Field field) {
        CollectionDefinition grown = image().requireCollection(collection).definition().with(field);
        definitions.put(collection, grown);
        return collection(grown);
    }

    /** Takes two calls; finds everything. */
    @Override
    public DeletedPoints deleteWhere(String collection, DeleteOptions options) {
        deletes.add(options);
        int found = points.size();
        List<Integer> unfinished = deletes.size() == 1 ? List.of(0) : List.of();
        if (!options.dryRun()) {
            points.clear();
        }
        return new DeletedPoints(found, 0, unfinished, missing, new Token(new byte[0]));
    }

    @Override
    public void dropCollection(String name, boolean ifExists) {
        image().requireCollection(name);
        definitions.remove(name);
    }

    @Override
    public List<ShardReport> shardReports(String collection) {
        return reports;
    }

    @Override
    public PointWriter openWriter(
            String collection, WriterOptions options, PointWriter.RejectionHandler rejections) {
        return new PointWriter() {
            private long applied;

            @Override
            public void write(Point point) {
                if (point.key().toString().startsWith("refused")) {
                    rejections.rejected(
                            point,
                            new ArbalestException(
                                    ErrorCode.VERSION_BELOW_HORIZON,
                                    "too old",
                                    "write a newer one"));
                    return;
                }
                apply(point);
                applied++;
            }

            @Override
            public CompletableFuture<Token> flush() {
                return CompletableFuture.completedFuture(new Token(new byte[0]));
            }

            @Override
            public long unacknowledged() {
                return 0;
            }

            @Override
            public Statistics statistics() {
                return new Statistics(applied, 0, 0, 0, 1, 0, 0);
            }

            @Override
            public void close() {}
        };
    }

    private void apply(Point point) {
        if (point.operation() == OperationKind.DELETE) {
            points.remove(point.key());
        } else {
            Version version = point.version() == null ? new Version(0, 0, 1) : point.version();
            points.put(
                    point.key(),
                    new Hit(point.key(), Double.NaN, version, point.vector(), point.metadata()));
        }
    }

    @Override
    public Token write(String collection, List<Point> written) {
        written.forEach(this::apply);
        return new Token(new byte[0]);
    }

    @Override
    public SearchResult search(String collection, List<float[]> vectors, SearchQuery query) {
        queries.add(query);
        List<Hit> hits =
                points.values().stream()
                        .map(hit ->
                                new Hit(
                                        hit.key(),
                                        hit.key().toString().length(),
                                        hit.version(),
                                        null,
                                        hit.metadata()))
                        .limit(query.k())
                        .toList();
        return new SearchResult(
                List.of(hits), missing, false, new SearchResult.Statistics(5, 1, 4, 1, 5));
    }

    @Override
    public Map<PointKey, Hit> get(String collection, List<PointKey> keys, GetOptions options) {
        Map<PointKey, Hit> found = new LinkedHashMap<>(points);
        found.keySet().retainAll(keys);
        return found;
    }

    @Override
    public void close() {
        closed = true;
    }
}
