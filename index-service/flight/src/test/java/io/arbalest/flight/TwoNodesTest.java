package io.arbalest.flight;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
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
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.Key;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.SearchRequest;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

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
