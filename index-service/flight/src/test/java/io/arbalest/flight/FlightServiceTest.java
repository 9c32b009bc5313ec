package io.arbalest.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.DefinitionCodec;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.VectorEncoding;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.CollectionState;
import io.arbalest.protocol.wire.CreateCollection;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.Key;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.SearchRequest;
import io.arbalest.protocol.wire.ShardStatusReply;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Result;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A real Flight server on a free port, called by a plain Flight client; the engine behind it is a
 * table.
 */
class FlightServiceTest {
    private static final int DIMENSION = 4;

    private final SystemScheduler scheduler = new SystemScheduler();
    private final FixedCatalog catalog = new FixedCatalog();
    private final TableEngine engine = new TableEngine("node-0");
    private final LeakCounter metrics = new LeakCounter();
    private FlightService service;
    private RawClient client;
    private CollectionDefinition definition;

    @BeforeEach
    void start() {
        catalog.onChange(engine::follow);
        service =
                FlightService.start(
                        FlightOptions.listeningOn("127.0.0.1", 0),
                        engine,
                        catalog,
                        "node-0",
                        Clock.SYSTEM,
                        scheduler,
                        metrics);
        catalog.register("node-0", service.port());
        client = new RawClient(service.port());
        definition = create("things", 1);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        service.close();
        scheduler.close();
        assertThat(metrics.leaked.sum()).as("leaked bytes").isZero();
    }

    private CollectionDefinition create(String name, int shards) {
        CollectionDefinition wanted =
                new CollectionDefinition(
                        name,
                        UuidBytes.NONE,
                        KeyType.STRING,
                        DIMENSION,
                        Metric.IP,
                        HnswParams.DEFAULT,
                        List.of(
                                new Field("section", FieldType.STRING),
                                new Field("size", FieldType.LONG)),
                        shards,
                        1);
        return catalog.createCollection(wanted, true).join().definition();
    }

    private static Consumer<PutBatch> rows(int first, int last, @Nullable Long version) {
        return batch ->
                IntStream.range(first, last)
                        .forEach(number ->
                                batch.add(
                                        PointKey.of("key-" + number),
                                        OperationKind.UPSERT,
                                        halves(number),
                                        Map.of(
                                                "section",
                                                number % 2 == 0 ? "even" : "odd",
                                                "size",
                                                (long) number),
                                        version == null ? null : new Version(0, version, number)));
    }

    private static short[] halves(int number) {
        short[] vector = new short[DIMENSION];
        vector[0] = Binary16.fromFloat(number);
        vector[1] = Binary16.fromFloat(1);
        return vector;
    }

    private PutCommand.Builder routed() {
        return PutCommand.newBuilder().setCollection("things").setShard(0);
    }

    private static SearchRequest.Builder nearest(int k) {
        return SearchRequest.newBuilder().setCollection("things").setK(k).setAllFields_(true);
    }

    private static ByteString query(float... components) {
        ByteBuffer bytes =
                ByteBuffer.allocate(2 * components.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float component : components) {
            bytes.putShort(Binary16.fromFloat(component));
        }
        return ByteString.copyFrom(bytes.flip());
    }

    private RawClient.Answered search(SearchRequest.Builder request) throws Exception {
        return client.read(
                ReadCommand.newBuilder()
                        .setSearch(request.setVectorsF16(query(1, 0, 0, 0)))
                        .build(),
                ResultSchema.search(definition, null, request.getIncludeVector()));
    }

    @Test
    void whatWasPutIsFound() throws Exception {
        List<PutAcknowledgement> answers =
                client.put(
                        routed().build(),
                        definition,
                        List.of(rows(0, 10, 1L), rows(10, 20, 1L), rows(20, 25, 1L)));

        assertThat(answers).extracting(PutAcknowledgement::getSequence).containsExactly(0L, 1L, 2L);
        assertThat(answers).extracting(PutAcknowledgement::getRows).containsExactly(10, 10, 5);
        assertThat(answers)
                .allMatch(answer -> answer.getStatuses().isEmpty() && !answer.hasError());
        assertThat(answers.getLast().getToken().getPositions(0).getSequenceNumber()).isEqualTo(25);

        RawClient.Answered found =
                search(nearest(3).setIncludeVector(true).setToken(answers.getLast().getToken()));
        assertThat(found.rows())
                .extracting(RawClient.Row::key)
                .containsExactly("key-24", "key-23", "key-22");
        assertThat(found.rows().getFirst().score()).isEqualTo(24);
        assertThat(found.rows().getFirst().metadata())
                .containsExactlyInAnyOrderEntriesOf(Map.of("section", "even", "size", 24L));
        assertThat(found.rows().getFirst().vector()).isEqualTo(halves(24));
        assertThat(found.header().getPartial()).isFalse();
        assertThat(found.header().getStatistics().getLivePoints()).isEqualTo(25);
    }

    @Test
    void everyRowHasItsOwnFate() throws Exception {
        client.put(routed().build(), definition, List.of(rows(0, 3, 5L)));
        Consumer<PutBatch> mixed =
                batch -> {
                    batch.add(
                            PointKey.of("key-0"),
                            OperationKind.UPSERT,
                            halves(0),
                            Map.of(),
                            new Version(0, 5, 0));
                    batch.add(
                            PointKey.of("key-1"),
                            OperationKind.UPSERT,
                            halves(1),
                            Map.of(),
                            new Version(0, 4, 0));
                    batch.add(
                            PointKey.of("key-9"),
                            OperationKind.UPSERT,
                            null,
                            Map.of(),
                            new Version(0, 9, 0));
                    batch.add(
                            PointKey.of("key-2"),
                            OperationKind.DELETE,
                            null,
                            Map.of(),
                            new Version(0, 9, 0));
                    batch.add(
                            PointKey.of("key-8"),
                            OperationKind.UPSERT,
                            halves(8),
                            Map.of(),
                            new Version(0, 9, 0));
                };

        PutAcknowledgement answer =
                client.put(routed().build(), definition, List.of(mixed)).getFirst();

        assertThat(answer.getStatuses().toByteArray())
                .containsExactly(
                        status(RowStatus.DUPLICATE),
                        status(RowStatus.STALE),
                        status(RowStatus.REJECTED),
                        status(RowStatus.APPLIED),
                        status(RowStatus.APPLIED));
        assertThat(answer.getErrorsList()).hasSize(1);
        assertThat(answer.getErrors(0).getRow()).isEqualTo(2);
        assertThat(answer.getErrors(0).getError().getCode())
                .isEqualTo(ErrorCode.VECTOR_MISSING.number());
        assertThat(search(nearest(10)).rows())
                .extracting(RawClient.Row::key)
                .containsExactly("key-8", "key-1", "key-0");
    }

    @SuppressWarnings("EnumOrdinal") // the wire's number for a status
    private static byte status(RowStatus status) {
        return (byte) status.ordinal();
    }

    @Test
    void aRowOfAnotherShardIsRejected() throws Exception {
        CollectionDefinition two = create("pairs", 2);
        var collection = catalog.image().requireCollection("pairs");
        PutCommand command = PutCommand.newBuilder().setCollection("pairs").setShard(1).build();

        PutAcknowledgement answer = client.put(command, two, List.of(rows(0, 50, null))).getFirst();

        for (int row = 0; row < 50; row++) {
            boolean here =
                    KeyHash.shardOf(collection, PointKey.of("key-" + row)).shard().number() == 1;
            assertThat(answer.getStatuses().byteAt(row))
                    .isEqualTo(status(here ? RowStatus.APPLIED : RowStatus.REJECTED));
        }
        assertThat(answer.getErrorsList())
                .isNotEmpty()
                .allMatch(error -> error.getError().getCode() == ErrorCode.NOT_OWNER.number());
    }

    @Test
    void anUnroutedStreamIsSplitOverThisNodesShards() throws Exception {
        CollectionDefinition three = create("triples", 3);

        PutAcknowledgement answer =
                client.put(
                                Descriptors.ofCollection("triples"),
                                PutSchema.full(three),
                                List.of(rows(0, 60, 1L)))
                        .getFirst();

        assertThat(answer.hasError()).isFalse();
        assertThat(answer.getStatuses()).isEqualTo(ByteString.EMPTY);
        assertThat(answer.getToken().getPositionsList()).hasSize(3);
        SearchRequest request =
                nearest(60).setCollection("triples").setVectorsF16(query(1, 0, 0, 0)).build();
        RawClient.Answered found =
                client.read(
                        ReadCommand.newBuilder().setSearch(request).build(),
                        ResultSchema.search(three, null, false));
        assertThat(found.rows()).hasSize(60);
        assertThat(found.rows())
                .extracting(RawClient.Row::score)
                .isSortedAccordingTo((a, b) -> Double.compare(b, a));
    }

    @Test
    void floatVectorsAreRoundedAndThoseThatDoNotFitRejected() throws Exception {
        PutSchema schema = PutSchema.full(definition, VectorEncoding.FLOAT32);
        try (VectorSchemaRoot root = VectorSchemaRoot.create(schema.arrow(), client.allocator)) {
            float[][] vectors = {{1.0001f, 0, 0, 0}, {70_000f, 0, 0, 0}, {2, 0, 0, 0}};
            VarCharVector keys = (VarCharVector) root.getVector("id");
            FixedSizeListVector lists = (FixedSizeListVector) root.getVector("vector");
            Float4Vector components = (Float4Vector) lists.getDataVector();
            root.allocateNew();
            for (int row = 0; row < vectors.length; row++) {
                keys.setSafe(row, ("f" + row).getBytes(java.nio.charset.StandardCharsets.UTF_8));
                lists.setNotNull(row);
                for (int component = 0; component < DIMENSION; component++) {
                    components.setSafe(row * DIMENSION + component, vectors[row][component]);
                }
            }
            root.setRowCount(vectors.length);

            PutAcknowledgement answer = client.putPlain(Descriptors.ofCollection("things"), root);

            assertThat(answer.getErrorsList()).hasSize(1);
            assertThat(answer.getErrors(0).getRow()).isEqualTo(1);
            assertThat(answer.getErrors(0).getError().getCode())
                    .isEqualTo(ErrorCode.VECTOR_OUT_OF_RANGE.number());
        }
        assertThat(search(nearest(10)).rows())
                .extracting(RawClient.Row::key)
                .containsExactly("f2", "f0");
    }

    @Test
    void nothingOvertakesABatchThatWasRefused() throws Exception {
        ArbalestException failure =
                new ArbalestException(ErrorCode.LOG_FAILED, "disk gone", "replace it");
        int[] writes = new int[1];
        engine.gate =
                () ->
                        writes[0]++ == 1
                                ? CompletableFuture.failedFuture(failure)
                                : CompletableFuture.completedFuture(null);

        List<PutAcknowledgement> answers =
                client.put(
                        routed().build(),
                        definition,
                        List.of(rows(0, 2, 1L), rows(2, 4, 1L), rows(4, 6, 1L)));

        assertThat(answers)
                .extracting(PutAcknowledgement::hasError)
                .containsExactly(false, true, true);
        assertThat(answers.subList(1, 3))
                .allMatch(answer -> answer.getError().getCode() == ErrorCode.LOG_FAILED.number());
        assertThat(answers.get(1).getOutcomeUnknown()).isTrue();
        assertThat(search(nearest(10)).rows())
                .extracting(RawClient.Row::key)
                .containsExactlyInAnyOrder("key-0", "key-1");
    }

    @Test
    void acknowledgementsKeepTheOrderOfTheBatches() throws Exception {
        CompletableFuture<Void> first = new CompletableFuture<>();
        int[] writes = new int[1];
        engine.gate =
                () -> {
                    if (writes[0]++ == 0) {
                        return first;
                    }
                    if (writes[0] == 5) {
                        first.complete(null);
                    }
                    return CompletableFuture.completedFuture(null);
                };
        List<Consumer<PutBatch>> batches =
                IntStream.range(0, 5).mapToObj(number -> rows(number, number + 1, 1L)).toList();

        List<PutAcknowledgement> answers = client.put(routed().build(), definition, batches);

        assertThat(answers)
                .extracting(PutAcknowledgement::getSequence)
                .containsExactly(0L, 1L, 2L, 3L, 4L);
    }

    @Test
    void streamsThatCannotBeServedEndWithACode() {
        assertThatCode(
                ErrorCode.UNKNOWN_COLLECTION, PutCommand.newBuilder().setCollection("nothing"));
        assertThatCode(
                ErrorCode.STALE_INCARNATION,
                routed().setIncarnation(UuidBytes.toWire(new UUID(9, 9))));
        assertThatCode(ErrorCode.MALFORMED_REQUEST, routed().setShard(7));
    }

    private void assertThatCode(ErrorCode code, PutCommand.Builder command) {
        assertThatThrownBy(() -> client.put(command.build(), definition, List.of(rows(0, 1, 1L))))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void requestsOfOneExchangeAreAnsweredEachOnItsOwn() throws Exception {
        client.put(routed().build(), definition, List.of(rows(0, 10, 1L)));
        ExchangeOpen open =
                ExchangeOpen.newBuilder().setCollection("things").addFields("size").build();
        List<BatchHeader> requests =
                List.of(
                        header(1, nearest(2)),
                        header(2, nearest(0)),
                        header(3, nearest(2).setFilter("colour = 'red'")),
                        header(4, nearest(1).addShards(0)),
                        header(5, nearest(1).setFilter("section = ")),
                        header(6, nearest(1).setFilter("")));

        List<RawClient.Answered> answers =
                client.exchange(open, definition, requests, new float[] {1, 0, 0, 0}).stream()
                        .sorted((a, b) ->
                                Long.compare(a.header().getRequestId(), b.header().getRequestId()))
                        .toList();

        assertThat(answers).hasSize(6);
        assertThat(answers.get(0).rows())
                .extracting(RawClient.Row::key)
                .containsExactly("key-9", "key-8");
        assertThat(answers.get(0).rows().getFirst().metadata()).containsOnlyKeys("size");
        assertThat(answers.get(1).header().getError().getCode())
                .isEqualTo(ErrorCode.LIMIT_EXCEEDED.number());
        assertThat(answers.get(2).header().getError().getCode())
                .isEqualTo(ErrorCode.UNKNOWN_FIELD.number());
        assertThat(answers.get(3).rows()).hasSize(1);
        assertThat(answers.get(4).header().getError().getCode())
                .isEqualTo(ErrorCode.FILTER_SYNTAX.number());
        assertThat(answers.get(5).header().getError().getCode())
                .as("an empty filter is not no filter")
                .isEqualTo(ErrorCode.FILTER_SYNTAX.number());
    }

    private static BatchHeader header(long id, SearchRequest.Builder request) {
        return BatchHeader.newBuilder().setRequestId(id).setSearch(request).build();
    }

    @Test
    void manyRequestsThanTheLimitAreAllAnswered() throws Exception {
        client.put(routed().build(), definition, List.of(rows(0, 10, 1L)));
        ExchangeOpen open =
                ExchangeOpen.newBuilder().setCollection("things").setAllFields_(true).build();
        List<BatchHeader> requests =
                IntStream.range(0, 500).mapToObj(id -> header(id, nearest(3))).toList();

        List<RawClient.Answered> answers =
                client.exchange(open, definition, requests, new float[] {1, 0, 0, 0});

        assertThat(answers)
                .extracting(answer -> answer.header().getRequestId())
                .doesNotHaveDuplicates()
                .hasSize(500);
        assertThat(answers).allMatch(answer -> answer.rows().size() == 3);
    }

    @Test
    void badReadsAreRefusedWithACode() {
        assertThatThrownBy(() -> search(nearest(1).clearAllFields_().addFields("colour")))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_FIELD));
        SearchRequest wrong = nearest(1).setVectorsF16(query(1, 0, 0)).build();
        assertThatThrownBy(() ->
                        client.read(
                                ReadCommand.newBuilder().setSearch(wrong).build(),
                                ResultSchema.search(definition, null, false)))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.DIMENSION_MISMATCH));
    }

    @Test
    void keysAreLookedUp() throws Exception {
        client.put(routed().build(), definition, List.of(rows(0, 10, 1L)));
        GetRequest request =
                GetRequest.newBuilder()
                        .setCollection("things")
                        .setAllFields_(true)
                        .addKeys(Key.newBuilder().setText("key-7"))
                        .addKeys(Key.newBuilder().setText("nobody"))
                        .addKeys(Key.newBuilder().setText("key-1"))
                        .build();

        RawClient.Answered found =
                client.read(
                        ReadCommand.newBuilder().setGet(request).build(),
                        ResultSchema.get(definition, null, false));

        assertThat(found.rows()).extracting(RawClient.Row::key).containsExactly("key-7", "key-1");
        assertThat(found.rows()).extracting(RawClient.Row::query).containsExactly(0, 2);
    }

    @Test
    void actionsAnswer() throws Exception {
        byte[] body =
                CreateCollection.newBuilder()
                        .setDefinition(
                                DefinitionCodec.toWire(definition).toBuilder()
                                        .setName("more")
                                        .clearIncarnation())
                        .build()
                        .toByteArray();
        CollectionState created =
                CollectionState.parseFrom(action(ActionNames.CREATE_COLLECTION, body));
        assertThat(created.getDefinition().getIncarnation().size()).isEqualTo(16);
        assertThat(
                        io.arbalest.protocol.wire.ClusterImage.parseFrom(
                                        action(ActionNames.CLUSTER_IMAGE, new byte[0]))
                                .getCollectionsList())
                .hasSize(2);
        ShardStatusReply status =
                ShardStatusReply.parseFrom(action(ActionNames.SHARD_STATUS, new byte[0]));
        assertThat(status.getNode()).isEqualTo("node-0");
        assertThat(status.getShardsList())
                .hasSize(2)
                .allMatch(shard -> shard.getState().equals("SERVING"));
        assertThat(client.flight.listActions())
                .extracting(ActionType::getType)
                .containsExactlyInAnyOrder(
                        ActionNames.CLUSTER_IMAGE,
                        ActionNames.CREATE_COLLECTION,
                        ActionNames.ADD_FIELD,
                        ActionNames.DELETE_WHERE,
                        ActionNames.DROP_COLLECTION,
                        ActionNames.SHARD_STATUS);
        assertThat(client.flight.getInfo(Descriptors.ofCollection("things")).getSchemaOptional())
                .isPresent();
    }

    private byte[] action(String type, byte[] body) {
        Result result = client.flight.doAction(new Action(type, body)).next();
        return result.getBody();
    }

    @Test
    void aPortInUseIsNamed() {
        assertThatThrownBy(() ->
                        FlightService.start(
                                FlightOptions.listeningOn("127.0.0.1", service.port()),
                                engine,
                                catalog,
                                "node-1",
                                Clock.SYSTEM,
                                scheduler,
                                Metrics.NONE))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.PORT_IN_USE));
    }

    /** Counts what calls leave behind in Arrow memory. */
    private static final class LeakCounter implements Metrics {
        final LongAdder leaked = new LongAdder();

        @Override
        public Counter counter(String name, String help, String... labels) {
            return name.equals("arbalest_flight_leaked_bytes_total") ? leaked::add : amount -> {};
        }

        @Override
        public Histogram histogram(String name, String help, String... labels) {
            return value -> {};
        }

        @Override
        public void gauge(
                String name,
                String help,
                java.util.function.DoubleSupplier value,
                String... labels) {}

        @Override
        public void remove(String label, String value) {}
    }
}
