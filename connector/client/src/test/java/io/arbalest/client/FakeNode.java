package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.Version;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.ImageCodec;
import io.arbalest.protocol.KeyHash;
import io.arbalest.protocol.PutRows;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.QuerySchema;
import io.arbalest.protocol.ReadPosition;
import io.arbalest.protocol.ResultBatch;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.RowStatusCodec;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutBatchHeader;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ResultHeader;
import io.arbalest.protocol.wire.RowError;
import io.arbalest.protocol.wire.SearchRequest;
import io.arbalest.protocol.wire.ShardStatus;
import io.arbalest.protocol.wire.ShardStatusReply;
import io.grpc.Server;
import io.grpc.ServerBuilder;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.auth.ServerAuthHandler;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A node for tests of the client: speaks the wire protocol over a real socket, keeps rows in a map,
 * and misbehaves as a test asks it to.
 */
final class FakeNode extends NoOpFlightProducer implements AutoCloseable {
    /** One stored row. */
    record Row(PointKey key, short[] vector, Map<String, Object> metadata, Version version) {}

    /** What a node does with a batch before it stores it. */
    interface BatchFault {
        /** Throwing ends the stream; returning an error refuses the batch. */
        @Nullable ArbalestException onBatch(int batchOfNode, PutCommand command);
    }

    /**
     * What a node does between storing a batch and acknowledging it: wait, or throw, which ends the
     * stream.
     */
    interface AcknowledgementFault {
        void onBatch(int batchOfNode);
    }

    /** Refuses single rows. */
    interface RowFault {
        @Nullable ArbalestException onRow(PointKey key);
    }

    private static final Comparator<Map.Entry<Double, Row>> BEST_FIRST =
            Map.Entry.<Double, Row>comparingByKey()
                    .reversed()
                    .thenComparing(e -> e.getValue().key());

    final String name;
    private final Supplier<ClusterImage> image;
    private final BufferAllocator allocator = new RootAllocator();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Server server;
    private final AtomicLong sequenceNumbers = new AtomicLong();

    final Map<PointKey, Row> rows = new ConcurrentHashMap<>();

    /** Keys in the order in which their rows arrived, replays included. */
    final ConcurrentLinkedQueue<PointKey> arrivals = new ConcurrentLinkedQueue<>();

    final AtomicInteger batchesSeen = new AtomicInteger();
    final AtomicInteger streamsOpened = new AtomicInteger();
    final AtomicInteger exchangesOpened = new AtomicInteger();
    volatile BatchFault beforeStore = (batch, command) -> null;
    volatile AcknowledgementFault afterStore = batch -> {};
    volatile RowFault rowFault = key -> null;
    volatile @Nullable ArbalestException readError;
    volatile Map<Integer, ArbalestException> missingShards = Map.of();
    volatile boolean silentReads;

    @SuppressWarnings("deprecation") // the type of a parameter that has no other
    FakeNode(String name, int port, Supplier<ClusterImage> image) throws IOException {
        this.name = name;
        this.image = image;
        // Not FlightServer: it cannot cut off open streams, which is what a killed node does.
        this.server =
                ServerBuilder.forPort(port)
                        .executor(threads)
                        .addService(
                                FlightGrpcUtils.createFlightService(
                                        allocator, this, ServerAuthHandler.NO_OP, threads))
                        .build()
                        .start();
    }

    int port() {
        return server.getPort();
    }

    /** The version that is stored under a text key; fails if there is none. */
    long versionOf(String key) {
        return Objects.requireNonNull(rows.get(PointKey.of(key)), key).version.version();
    }

    String endpoint() {
        return "127.0.0.1:" + port();
    }

    /** Ends everything at once, as a kill does. */
    @Override
    public void close() {
        server.shutdownNow();
        try {
            if (!server.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new AssertionError("the server of " + name + " does not end");
            }
            threads.shutdown(); // not before: the server's own end runs on them
            allocator.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            // Calls that a test cut off may still be on their way out. It is the client's memory
            // that tests check.
            System.getLogger(FakeNode.class.getName()).log(System.Logger.Level.DEBUG, e.toString());
        }
    }

    @Override
    public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
        try {
            byte[] answer =
                    switch (action.getType()) {
                        case ActionNames.CLUSTER_IMAGE ->
                                ImageCodec.toWire(image.get()).toByteArray();
                        case ActionNames.SHARD_STATUS ->
                                ShardStatusReply.newBuilder()
                                        .setNode(name)
                                        .addShards(
                                                ShardStatus.newBuilder()
                                                        .setCollection("packages")
                                                        .setState("SERVING")
                                                        .setLivePoints(rows.size()))
                                        .build()
                                        .toByteArray();
                        default ->
                                throw new IllegalStateException(
                                        "not in this test: " + action.getType());
                    };
            listener.onNext(new Result(answer));
            listener.onCompleted();
        } catch (RuntimeException e) {
            listener.onError(FlightErrors.toFlight(e));
        }
    }

    @Override
    public Runnable acceptPut(
            CallContext context, FlightStream stream, StreamListener<PutResult> acknowledgements) {
        return () -> {
            try {
                streamsOpened.incrementAndGet();
                PutCommand command = Descriptors.putCommand(stream.getDescriptor());
                CollectionDefinition definition =
                        image.get().requireCollection(command.getCollection()).definition();
                PutRows batch =
                        new PutRows(
                                PutSchema.check(stream.getSchema(), definition), stream.getRoot());
                while (stream.next()) {
                    long sequence =
                            Descriptors.parse(
                                            PutBatchHeader.parser(),
                                            stream.getLatestMetadata(),
                                            "PutBatchHeader")
                                    .getSequence();
                    int number = batchesSeen.getAndIncrement();
                    ArbalestException refused = beforeStore.onBatch(number, command);
                    PutAcknowledgement answer =
                            refused == null
                                    ? store(batch, command, definition, sequence)
                                    : PutAcknowledgement.newBuilder()
                                            .setSequence(sequence)
                                            .setError(ErrorCodec.toWire(refused))
                                            .build();
                    afterStore.onBatch(number);
                    try (PutResult result = PutResult.metadata(buffer(answer.toByteArray()))) {
                        acknowledgements.onNext(result);
                    }
                    if (refused != null) {
                        break; // what follows must not overtake it
                    }
                }
                acknowledgements.onCompleted();
            } catch (RuntimeException e) {
                acknowledgements.onError(FlightErrors.toFlight(e));
            }
        };
    }

    private PutAcknowledgement store(
            PutRows batch, PutCommand command, CollectionDefinition definition, long sequence) {
        PutAcknowledgement.Builder answer =
                PutAcknowledgement.newBuilder().setSequence(sequence).setRows(batch.rowCount());
        ByteArrayOutputStream statuses = new ByteArrayOutputStream();
        for (int row = 0; row < batch.rowCount(); row++) {
            PointKey key = batch.key(row);
            arrivals.add(key);
            ArbalestException refused = rowFault.onRow(key);
            RowStatus status = RowStatus.REJECTED;
            if (refused == null) {
                status = apply(batch, row, key, definition.dimension());
            } else {
                answer.addErrors(
                        RowError.newBuilder().setRow(row).setError(ErrorCodec.toWire(refused)));
            }
            statuses.write(RowStatusCodec.toWire(status));
        }
        answer.setStatuses(com.google.protobuf.ByteString.copyFrom(statuses.toByteArray()));
        answer.setToken(
                TokenCodec.toWire(
                        new ReadPosition(
                                definition.incarnation(),
                                Map.of(
                                        command.getShard(),
                                        sequenceNumbers.addAndGet(batch.rowCount())))));
        return answer.build();
    }

    private RowStatus apply(PutRows batch, int row, PointKey key, int dimension) {
        Version version = batch.version(row);
        Row old = rows.get(key);
        if (version != null && old != null && old.version.compareTo(version) >= 0) {
            return old.version.equals(version) ? RowStatus.DUPLICATE : RowStatus.STALE;
        }
        if (batch.operation(row) == OperationKind.DELETE) {
            rows.remove(key);
            return RowStatus.APPLIED;
        }
        short[] vector = new short[dimension];
        batch.requireVector(row).copyHalves(row, vector);
        rows.put(
                key,
                new Row(
                        key,
                        vector,
                        batch.metadata(row),
                        version == null ? new Version(0, 0, 0) : version));
        return RowStatus.APPLIED;
    }

    @Override
    public void doExchange(CallContext context, FlightStream reader, ServerStreamListener writer) {
        try {
            exchangesOpened.incrementAndGet();
            ExchangeOpen open = Descriptors.readCommand(reader.getDescriptor()).getExchange();
            ClusterImage.Collection collection =
                    image.get().requireCollection(open.getCollection());
            CollectionDefinition definition = collection.definition();
            List<String> fields = open.getAllFields_() ? null : open.getFieldsList();
            ResultSchema schema =
                    open.getGet()
                            ? ResultSchema.get(definition, fields, open.getIncludeVector())
                            : ResultSchema.search(definition, fields, open.getIncludeVector());
            try (ResultBatch batch = new ResultBatch(schema, allocator)) {
                writer.start(batch.root());
                while (reader.next()) {
                    BatchHeader header =
                            Descriptors.parse(
                                    BatchHeader.parser(),
                                    reader.getLatestMetadata(),
                                    "BatchHeader");
                    if (silentReads) {
                        continue;
                    }
                    ResultHeader.Builder answer =
                            ResultHeader.newBuilder().setRequestId(header.getRequestId());
                    batch.clear(1);
                    ArbalestException error = readError;
                    if (error != null) {
                        answer.setError(ErrorCodec.toWire(error));
                    } else if (open.getGet()) {
                        get(QuerySchema.readKeys(reader.getRoot()), batch);
                    } else {
                        search(
                                collection,
                                header.getSearch(),
                                QuerySchema.readQueries(reader.getRoot()),
                                batch,
                                answer);
                    }
                    batch.finish();
                    writer.putNext(buffer(answer.build().toByteArray()));
                }
                writer.completed();
            }
        } catch (RuntimeException e) {
            writer.error(FlightErrors.toFlight(e));
        }
    }

    private void get(List<PointKey> keys, ResultBatch batch) {
        for (int number = 0; number < keys.size(); number++) {
            Row row = rows.get(keys.get(number));
            if (row != null) {
                batch.add(number, row.key, 0, row.version, row.vector, row.metadata);
            }
        }
    }

    private void search(
            ClusterImage.Collection collection,
            SearchRequest request,
            List<float[]> queries,
            ResultBatch batch,
            ResultHeader.Builder answer) {
        missingShards.forEach((shard, error) ->
                answer.addMissingBuilder().setShard(shard).setError(ErrorCodec.toWire(error)));
        answer.setPartial(!missingShards.isEmpty());
        for (int number = 0; number < queries.size(); number++) {
            List<Map.Entry<Double, Row>> found = new ArrayList<>();
            for (Row row : rows.values()) {
                int shard = KeyHash.shardOf(collection, row.key).shard().number();
                if (request.getShardsList().contains(shard) && !missingShards.containsKey(shard)) {
                    found.add(Map.entry(innerProduct(queries.get(number), row.vector), row));
                }
            }
            found.sort(BEST_FIRST);
            for (Map.Entry<Double, Row> hit :
                    found.subList(0, Math.min(request.getK(), found.size()))) {
                Row row = hit.getValue();
                batch.add(number, row.key, hit.getKey(), row.version, row.vector, row.metadata);
            }
            answer.getStatisticsBuilder()
                    .setScored(answer.getStatistics().getScored() + found.size());
        }
    }

    static double innerProduct(float[] query, short[] vector) {
        double sum = 0;
        for (int component = 0; component < vector.length; component++) {
            sum +=
                    (double) query[component]
                            * io.arbalest.model.Binary16.toFloat(vector[component]);
        }
        return sum;
    }

    private ArrowBuf buffer(byte[] bytes) {
        ArrowBuf buffer = allocator.buffer(Math.max(1, bytes.length));
        buffer.writeBytes(bytes);
        return buffer;
    }

    /** An error that a fault may return. */
    static ArbalestException error(ErrorCode code) {
        return new ArbalestException(code, "a fault of the test", "none");
    }
}
