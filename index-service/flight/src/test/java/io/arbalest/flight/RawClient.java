package io.arbalest.flight;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.QuerySchema;
import io.arbalest.protocol.ResultRows;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutBatchHeader;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.ResultHeader;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.SyncPutListener;
import org.apache.arrow.flight.grpc.StatusUtils;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What any Arrow Flight client can do: plain streams, with the protocol's messages beside them. */
@SuppressWarnings("try") // Flight's close() methods may be interrupted
final class RawClient implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;

    final BufferAllocator allocator = new RootAllocator();
    final FlightClient flight;

    RawClient(int port) {
        flight =
                FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port))
                        .build();
    }

    /**
     * Sends batches one after another without waiting and returns the acknowledgements in the order
     * of arrival.
     */
    List<PutAcknowledgement> put(
            PutCommand command, CollectionDefinition definition, List<Consumer<PutBatch>> batches)
            throws Exception {
        return put(Descriptors.ofPut(command), PutSchema.full(definition), batches);
    }

    List<PutAcknowledgement> put(
            FlightDescriptor descriptor, PutSchema schema, List<Consumer<PutBatch>> batches)
            throws Exception {
        try (PutBatch batch = new PutBatch(schema, allocator);
                SyncPutListener listener = new SyncPutListener()) {
            FlightClient.ClientStreamListener out =
                    flight.startPut(descriptor, batch.root(), listener);
            long sequence = 0;
            for (Consumer<PutBatch> fill : batches) {
                batch.clear(16);
                fill.accept(batch);
                batch.finish();
                byte[] header =
                        PutBatchHeader.newBuilder().setSequence(sequence++).build().toByteArray();
                ArrowBuf metadata = allocator.buffer(Math.max(1, header.length));
                metadata.writeBytes(header);
                out.putNext(metadata);
            }
            out.completed();
            List<PutAcknowledgement> answers = new ArrayList<>();
            while (answers.size() < batches.size()) {
                try (PutResult result = listener.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    if (result == null) {
                        break;
                    }
                    ArrowBuf body = result.getApplicationMetadata();
                    answers.add(
                            Descriptors.parse(
                                    PutAcknowledgement.parser(), body, "PutAcknowledgement"));
                }
            }
            listener.getResult();
            return answers;
        } catch (ExecutionException e) {
            throw FlightErrors.fromFlight(StatusUtils.fromThrowable(e.getCause()), "node");
        } catch (RuntimeException e) {
            throw FlightErrors.fromFlight(e, "node");
        }
    }

    /** Puts a root that was made by hand, as a tool that knows nothing of Arbalest would. */
    PutAcknowledgement putPlain(FlightDescriptor descriptor, VectorSchemaRoot root)
            throws Exception {
        List<PutAcknowledgement> answers = new ArrayList<>();
        AsyncPutListener listener =
                new AsyncPutListener() {
                    @Override
                    public void onNext(PutResult result) {
                        answers.add(
                                Descriptors.parse(
                                        PutAcknowledgement.parser(),
                                        result.getApplicationMetadata(),
                                        "PutAcknowledgement"));
                    }
                };
        FlightClient.ClientStreamListener out = flight.startPut(descriptor, root, listener);
        out.putNext();
        out.completed();
        listener.getResult();
        return answers.getFirst();
    }

    /** Calls an action. */
    <M extends Message> M action(String type, Message request, Parser<M> answer) {
        try {
            byte[] body = flight.doAction(new Action(type, request.toByteArray())).next().getBody();
            return Descriptors.parse(answer, body, type);
        } catch (RuntimeException e) {
            throw FlightErrors.fromFlight(e, "node");
        }
    }

    /** One row of an answer, as text and numbers. */
    record Row(int query, String key, double score, Map<String, Object> metadata, short[] vector) {}

    record Answered(ResultHeader header, List<Row> rows) {}

    Answered read(ReadCommand command, ResultSchema schema) throws Exception {
        try (FlightStream stream = flight.getStream(Descriptors.ticketOf(command))) {
            stream.next();
            return answered(stream, new ResultRows(schema, stream.getRoot()));
        } catch (RuntimeException e) {
            throw FlightErrors.fromFlight(e, "node");
        }
    }

    private static Answered answered(FlightStream stream, ResultRows rows) {
        ResultHeader header =
                Descriptors.parse(
                        ResultHeader.parser(), stream.getLatestMetadata(), "ResultHeader");
        List<Row> found = new ArrayList<>();
        for (int row = 0; row < rows.rowCount(); row++) {
            short[] vector = rows.vector(row);
            found.add(
                    new Row(
                            rows.query(row),
                            rows.key(row).toString(),
                            rows.score(row),
                            rows.metadata(row),
                            vector == null ? new short[0] : vector));
        }
        return new Answered(header, found);
    }

    /**
     * Sends every request at once on one DoExchange stream of searches; answers in the order of
     * arrival.
     */
    List<Answered> exchange(
            ExchangeOpen open,
            CollectionDefinition definition,
            List<BatchHeader> requests,
            float[] query)
            throws Exception {
        FlightDescriptor descriptor =
                Descriptors.ofRead(ReadCommand.newBuilder().setExchange(open).build());
        List<String> names = open.getAllFields_() ? null : open.getFieldsList();
        List<Answered> answers = new ArrayList<>();
        try (FlightClient.ExchangeReaderWriter both = flight.doExchange(descriptor);
                VectorSchemaRoot root =
                        VectorSchemaRoot.create(QuerySchema.search(definition), allocator)) {
            both.getWriter().start(root);
            for (BatchHeader request : requests) {
                QuerySchema.writeQueries(root, List.of(query));
                byte[] header = request.toByteArray();
                ArrowBuf metadata = allocator.buffer(Math.max(1, header.length));
                metadata.writeBytes(header);
                both.getWriter().putNext(metadata);
            }
            both.getWriter().completed();
            ResultRows rows = null;
            while (both.getReader().next()) {
                if (rows == null) {
                    ResultSchema schema =
                            ResultSchema.search(definition, names, open.getIncludeVector());
                    rows = new ResultRows(schema, both.getReader().getRoot());
                }
                answers.add(answered(both.getReader(), rows));
            }
        } catch (RuntimeException e) {
            throw FlightErrors.fromFlight(e, "node");
        }
        return answers;
    }

    @Override
    public void close() {
        try {
            flight.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        allocator.close();
    }
}
