package io.arbalest.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.client.Token;
import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.engine.SearchSpec;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.DeleteWhere;
import io.arbalest.protocol.wire.DeleteWhereReply;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.Key;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.SearchRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Two Flight servers with a shard map between them, called by Arbalest's own client and by one that
 * knows nothing of shards.
 */
class TwoNodesTest {
    private static final int DIMENSION = 2;

    private final SystemScheduler scheduler = new SystemScheduler();
    private final FixedCatalog catalog = new FixedCatalog();
    private final TableEngine firstEngine = new TableEngine("node-0");
    private final TableEngine secondEngine = new TableEngine("node-1");
    private FlightService first;
    private FlightService second;
    private CollectionDefinition definition;

    @BeforeEach
    void start() {
        catalog.onChange(firstEngine::follow);
        catalog.onChange(secondEngine::follow);
        first = start("node-0", firstEngine);
        second = start("node-1", secondEngine);
        CollectionDefinition wanted =
                new CollectionDefinition(
                        "things",
                        UuidBytes.NONE,
                        KeyType.STRING,
                        DIMENSION,
                        Metric.IP,
                        HnswParams.DEFAULT,
                        List.of(new Field("size", FieldType.LONG)),
                        4,
                        1);
        definition = catalog.createCollection(wanted, true).join().definition();
    }

    private FlightService start(String name, TableEngine engine) {
        FlightService service =
                FlightService.start(
                        FlightOptions.listeningOn("127.0.0.1", 0),
                        engine,
                        catalog,
                        name,
                        Clock.SYSTEM,
                        scheduler,
                        Metrics.NONE);
        catalog.register(name, service.port());
        return service;
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        scheduler.close();
    }

    private ArbalestClient client() {
        return ArbalestClient.connect(List.of("127.0.0.1:" + first.port()));
    }

    private static Point point(int number, Version version) {
        return Point.upsert(
                PointKey.of("key-" + number),
                new float[] {number, 1},
                Map.of("size", (long) number),
                version);
    }

    private static Consumer<PutBatch> batch(int first, int last, long version) {
        return batch ->
                IntStream.range(first, last)
                        .forEach(number -> {
                            Point point = point(number, new Version(0, version, 0));
                            batch.add(
                                    point.key(),
                                    OperationKind.UPSERT,
                                    point.vector(),
                                    point.metadata(),
                                    point.version());
                        });
    }

    @Test
    void theClientWritesToBothAndFindsInBoth() {
        try (ArbalestClient client = client()) {
            List<Point> points =
                    IntStream.range(0, 200)
                            .mapToObj(number -> point(number, new Version(0, 1, 0)))
                            .toList();
            Token token = client.write("things", points);

            assertThat(firstEngine.shards("things"))
                    .allMatch(shard -> shard.statistics().livePoints() > 0);
            assertThat(secondEngine.shards("things"))
                    .allMatch(shard -> shard.statistics().livePoints() > 0);
            SearchResult result =
                    client.search(
                            "things",
                            List.of(new float[] {1, 0}, new float[] {-1, 0}),
                            SearchQuery.nearest(3).withToken(token));
            assertThat(result.partial()).isFalse();
            assertThat(result.hits().get(0))
                    .extracting(hit -> hit.key().toString())
                    .containsExactly("key-199", "key-198", "key-197");
            assertThat(result.hits().get(1))
                    .extracting(hit -> hit.key().toString())
                    .containsExactly("key-0", "key-1", "key-2");
            assertThat(result.statistics().livePoints()).isEqualTo(200);
            Map<PointKey, Hit> got =
                    client.get(
                            "things",
                            List.of(PointKey.of("key-5"), PointKey.of("none")),
                            ArbalestClient.GetOptions.DEFAULT);
            assertThat(got).containsOnlyKeys(PointKey.of("key-5"));
            assertThat(client.shardReports("things")).hasSize(4);
        }
    }

    @Test
    void everyShardIsAskedAsTheClientAsked() throws Exception {
        float[] query = {1, 0};
        try (ArbalestClient client = client();
                RawClient raw = new RawClient(second.port())) {
            SearchQuery nearest = SearchQuery.nearest(3).withEf(40).withMinScore(0.5);
            client.search("things", List.of(query), nearest);
            assertThat(asked()).hasSize(4).noneMatch(SearchSpec::adaptiveStop);
            client.search("things", List.of(query), nearest.withAdaptiveStop(true));
            SearchRequest request =
                    SearchRequest.newBuilder()
                            .setCollection("things")
                            .setK(3)
                            .setEf(40)
                            .setMinScore(0.5)
                            .setAdaptiveStop(true)
                            .setVectorsF16(ByteString.copyFrom(new byte[] {0, 0x3c, 0, 0}))
                            .build();
            ResultSchema schema = ResultSchema.search(definition, List.of(), false);
            raw.read(ReadCommand.newBuilder().setSearch(request).build(), schema); // fans out
            assertThat(asked())
                    .hasSize(12)
                    .allMatch(spec -> spec.k() == 3 && spec.ef() == 40 && spec.minScore() == 0.5);
            assertThat(asked().stream().filter(SearchSpec::adaptiveStop)).hasSize(8);
        }
    }

    /** What both nodes' shards were asked. */
    private List<SearchSpec> asked() {
        return Stream.of(firstEngine, secondEngine)
                .flatMap(engine -> engine.searches.stream())
                .toList();
    }

    @Test
    void aNodeForwardsWhatIsNotItsOwnAndAsksTheOthers() throws Exception {
        try (RawClient raw = new RawClient(second.port())) {
            List<PutAcknowledgement> answers =
                    raw.put(
                            Descriptors.ofCollection("things"),
                            PutSchema.full(definition),
                            List.of(batch(0, 100, 1), batch(100, 200, 1)));

            assertThat(answers)
                    .noneMatch(PutAcknowledgement::hasError)
                    .allMatch(answer -> answer.getStatuses().isEmpty());
            assertThat(answers.getLast().getToken().getPositionsList()).hasSize(4);
            ClusterImage.Collection collection = catalog.image().requireCollection("things");
            long ownedByFirst =
                    IntStream.range(0, 200)
                            .filter(number ->
                                    KeyHash.shardOf(collection, PointKey.of("key-" + number))
                                            .primary()
                                            .equals("node-0"))
                            .count();
            assertThat(
                            firstEngine.shards("things").stream()
                                    .mapToLong(shard -> shard.statistics().livePoints())
                                    .sum())
                    .isEqualTo(ownedByFirst)
                    .isBetween(1L, 199L);

            SearchRequest search =
                    SearchRequest.newBuilder()
                            .setCollection("things")
                            .setK(200)
                            .setAllFields_(true)
                            .setToken(answers.getLast().getToken())
                            .setVectorsF16(ByteString.copyFrom(new byte[] {0, 0x3c, 0, 0}))
                            .build();
            RawClient.Answered found =
                    raw.read(
                            ReadCommand.newBuilder().setSearch(search).build(),
                            ResultSchema.search(definition, null, false));
            assertThat(found.rows()).hasSize(200);
            assertThat(found.rows().getFirst().key()).isEqualTo("key-199");
            assertThat(found.header().getPartial()).isFalse();

            GetRequest get =
                    GetRequest.newBuilder()
                            .setCollection("things")
                            .setAllFields_(true)
                            .addAllKeys(
                                    IntStream.range(0, 20)
                                            .mapToObj(number ->
                                                    Key.newBuilder()
                                                            .setText("key-" + number)
                                                            .build())
                                            .toList())
                            .build();
            assertThat(
                            raw.read(
                                            ReadCommand.newBuilder().setGet(get).build(),
                                            ResultSchema.get(definition, null, false))
                                    .rows())
                    .hasSize(20);
        }
    }

    @Test
    void aFieldThatIsAddedReachesEveryNodeAndRowsThatAreForwarded() throws Exception {
        try (ArbalestClient client = client();
                ArbalestClient late = client();
                RawClient raw = new RawClient(second.port())) {
            Consumer<PutBatch> before = batch(0, 100, 1);
            raw.put(
                    Descriptors.ofCollection("things"),
                    PutSchema.full(definition),
                    List.of(before)); // the second node's client has seen the old definition
            late.search("things", List.of(new float[] {1, 0}), SearchQuery.nearest(1));
            Field added = new Field("extra", FieldType.JSON);
            CollectionDefinition grown = client.addField("things", added).definition();
            assertThat(grown.fields()).hasSize(2).contains(added);
            List<PutAcknowledgement> answers =
                    raw.put(
                            Descriptors.ofCollection("things"),
                            PutSchema.full(grown),
                            List.of(batch ->
                                    IntStream.range(0, 100)
                                            .forEach(n ->
                                                    batch.add(
                                                            PointKey.of("key-" + n),
                                                            OperationKind.UPSERT,
                                                            point(n, new Version(0, 2, 0)).vector(),
                                                            Map.of(
                                                                    "extra",
                                                                    n == 7
                                                                            ? "{\"n\":"
                                                                            : "{\"n\": 7}",
                                                                    "size",
                                                                    ExplicitNull.NULL),
                                                            new Version(0, 2, 0)))));
            assertThat(answers.getFirst().getErrorsList())
                    .singleElement()
                    .satisfies(error -> {
                        assertThat(error.getRow()).isEqualTo(7);
                        assertThat(error.getError().getCode())
                                .isEqualTo(ErrorCode.VALUE_NOT_JSON.number());
                        assertThat(error.getError().getDetail()).contains("at character 6");
                    });
            Map<PointKey, Hit> got =
                    client.get(
                            "things",
                            List.of(PointKey.of("key-7"), PointKey.of("key-8")),
                            ArbalestClient.GetOptions.DEFAULT);
            assertThat(Objects.requireNonNull(got.get(PointKey.of("key-8"))).metadata())
                    .isEqualTo(Map.of("extra", "{\"n\": 7}"));
            assertThat(Objects.requireNonNull(got.get(PointKey.of("key-7"))).metadata())
                    .isEqualTo(Map.of("size", 7L));

            SearchQuery named = SearchQuery.nearest(1).withFields(List.of("extra"));
            Hit hit =
                    late.search("things", List.of(new float[] {1, 0}), named).hits().get(0).get(0);
            assertThat(hit.metadata()).containsKey("extra"); // it has asked for the image again
        }
    }

    @Test
    void aFieldIsAddedOnceAndChangesNoOther() {
        try (ArbalestClient client = client()) {
            Field added = new Field("extra", FieldType.JSON);
            CollectionDefinition grown = client.addField("things", added).definition();
            assertThat(client.addField("things", added).definition()).isEqualTo(grown);
            assertThatThrownBy(() -> client.addField("things", new Field("size", FieldType.STRING)))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.FIELD_EXISTS))
                    .hasMessageContaining("size:long");
        }
    }

    @Test
    void aDeleteByFilterReachesEveryShardFromAnyNode() {
        try (ArbalestClient client = client();
                RawClient raw = new RawClient(second.port())) {
            client.write(
                    "things",
                    IntStream.range(0, 100)
                            .mapToObj(number -> point(number, new Version(0, 1, 0)))
                            .toList());
            assertThat(
                            client.deleteWhere(
                                            "things",
                                            new ArbalestClient.DeleteOptions(
                                                    "size > 3",
                                                    false,
                                                    true,
                                                    Optional.empty(),
                                                    Duration.ofSeconds(10)))
                                    .deleted())
                    .isEqualTo(100);
            DeleteWhereReply reply =
                    raw.action(
                            "delete-where",
                            DeleteWhere.newBuilder()
                                    .setCollection("things")
                                    .setFilter("size > 3")
                                    .build(),
                            DeleteWhereReply.parser());
            assertThat(reply.getDeleted()).isEqualTo(100);
            assertThat(reply.getMissingList()).isEmpty();
            assertThat(reply.getToken().getPositionsList()).hasSize(4);
            List<String> asked = new ArrayList<>(firstEngine.deletes);
            asked.addAll(secondEngine.deletes);
            assertThat(asked).hasSize(8); // each of four shards, counted and deleted once
            assertThat(asked.stream().filter(ask -> ask.startsWith("delete"))).hasSize(4);
        }
    }

    @Test
    void aDeleteSaysWhatIsWrongWithItsFilter() {
        try (ArbalestClient client = client()) {
            refused(client, "", false, ErrorCode.FILTER_MISSING, "no filter");
            refused(client, "size > 3", true, ErrorCode.MALFORMED_REQUEST, "every point");
            refused(client, "size >", false, ErrorCode.FILTER_SYNTAX, "at character 7: expected");
            refused(client, "size = 'x'", false, ErrorCode.FILTER_TYPE_MISMATCH, "character 8");
            refused(client, "wide = 1", false, ErrorCode.UNKNOWN_FIELD, "at character 1");
            refused(
                    client,
                    "size in (" + "1, ".repeat(20_000) + "1)",
                    false,
                    ErrorCode.LIMIT_EXCEEDED,
                    "at most");
            refused(
                    client,
                    "(".repeat(500) + "size = 1" + ")".repeat(500),
                    false,
                    ErrorCode.LIMIT_EXCEEDED,
                    "at character 65");
            assertThat(firstEngine.deletes).isEmpty();
            assertThat(secondEngine.deletes).isEmpty();
        }
    }

    private static void refused(
            ArbalestClient client, String filter, boolean all, ErrorCode code, String saying) {
        assertThatThrownBy(() ->
                        client.deleteWhere(
                                "things",
                                new ArbalestClient.DeleteOptions(
                                        filter,
                                        all,
                                        false,
                                        Optional.empty(),
                                        Duration.ofSeconds(10))))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(saying);
        if (!all && !filter.isEmpty()) { // a search says the same
            assertThatThrownBy(() ->
                            client.search(
                                    "things",
                                    List.of(new float[] {1, 0}),
                                    SearchQuery.nearest(1).withFilter(filter)))
                    .isInstanceOfSatisfying(
                            ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                    .hasMessageContaining(saying);
        }
    }

    @Test
    void aStreamThatIsOpenDoesNotHoldAStoppingNodeBack() throws Exception {
        try (ArbalestClient client = client()) {
            var writer =
                    client.openWriter(
                            "things",
                            io.arbalest.client.WriterOptions.DEFAULT,
                            io.arbalest.client.PointWriter.RejectionHandler.FAIL);
            writer.write(point(1, new Version(0, 1, 0)));
            writer.flush().get(20, java.util.concurrent.TimeUnit.SECONDS);
            long before = Clock.SYSTEM.monotonicNanos();

            second.close();
            first.close();

            assertThat(Clock.SYSTEM.monotonicNanos() - before)
                    .as("nanoseconds to stop")
                    .isLessThan(5_000_000_000L);
            writer.close();
        }
    }
}
