package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.common.Clock;
import io.arbalest.engine.Engine;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.KeyCodec;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.QuerySchema;
import io.arbalest.protocol.ResultBatch;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.SearchRequest;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

import java.util.List;
import java.util.function.Supplier;

/**
 * The Flight service: opens and closes what a call needs and leaves the rest to {@link PutCall},
 * {@link ExchangeCall}, {@link ReadExecutor} and {@link ClusterActions}. Every error leaves through
 * {@link FlightErrors}.
 *
 * <p>Thread-safe.
 */
final class ArbalestProducer implements FlightProducer {
    private final FlightOptions options;
    private final BufferAllocator root;
    private final OpenCalls calls;
    private final FlightTelemetry telemetry;
    private final Engine engine;
    private final ImageView images;
    private final String nodeName;
    private final Clock clock;
    private final Supplier<ArbalestClient> client;
    private final ReadExecutor reads;
    private final ClusterActions actions;

    /** Everything a call may need; all of it is shared by the calls. */
    record Parts(
            FlightOptions options,
            BufferAllocator allocator,
            OpenCalls calls,
            FlightTelemetry telemetry,
            Engine engine,
            ImageView images,
            String nodeName,
            Clock clock,
            Supplier<ArbalestClient> client,
            ReadExecutor reads,
            ClusterActions actions) {}

    ArbalestProducer(Parts parts) {
        this.options = parts.options;
        this.root = parts.allocator;
        this.calls = parts.calls;
        this.telemetry = parts.telemetry;
        this.engine = parts.engine;
        this.images = parts.images;
        this.nodeName = parts.nodeName;
        this.clock = parts.clock;
        this.client = parts.client;
        this.reads = parts.reads;
        this.actions = parts.actions;
    }

    @Override
    public Runnable acceptPut(
            CallContext context, FlightStream stream, StreamListener<PutResult> listener) {
        return () -> {
            try (OpenCalls.Call call = calls.open();
                    CallMemory memory = new CallMemory(root, "put", telemetry)) {
                PutWindow window =
                        new PutWindow(options, calls, telemetry, memory.allocator(), listener);
                try {
                    new PutCall(call, images, memory.allocator(), window, telemetry, clock)
                            .run(stream, this::route);
                } finally {
                    window.drain(options.closePatience());
                }
                listener.onCompleted();
            } catch (InterruptedException e) {
                listener.onError(FlightErrors.toFlight(OpenCalls.shuttingDown()));
            } catch (RuntimeException e) {
                listener.onError(FlightErrors.toFlight(Failures.coded(e)));
            }
        };
    }

    private PutCall.Target route(ClusterImage.Collection collection, PutCommand command) {
        if (command.getWriter().getCheckpoint() != 0) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "staged rows (writer.checkpoint "
                            + command.getWriter().getCheckpoint()
                            + ") are reserved in this release",
                    "write without a checkpoint; the rows are visible at once");
        }
        if (command.hasShard()) {
            return new RoutedTarget(engine, collection, command.getShard(), command.getTerm());
        }
        if (command.getForwarded()) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "a forwarded stream does not name its shard",
                    "set shard in every forwarded PutCommand; rows are forwarded once");
        }
        RowForwarder forwarder =
                new RowForwarder(
                        client, collection.definition(), command.getAcceptOlder(), telemetry);
        return new SplittingTarget(engine, collection, nodeName, forwarder);
    }

    @Override
    public void doExchange(
            CallContext context, FlightStream stream, ServerStreamListener listener) {
        try (OpenCalls.Call call = calls.open();
                CallMemory memory = new CallMemory(root, "exchange", telemetry);
                ExchangeCall exchange =
                        new ExchangeCall(
                                call,
                                calls,
                                images,
                                reads,
                                memory.allocator(),
                                listener,
                                options.exchangeRequestsInFlight())) {
            exchange.run(stream);
            listener.completed();
        } catch (InterruptedException e) {
            listener.error(FlightErrors.toFlight(OpenCalls.shuttingDown()));
        } catch (RuntimeException e) {
            listener.error(FlightErrors.toFlight(Failures.coded(e)));
        }
    }

    @Override
    public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
        try (OpenCalls.Call _ = calls.open();
                CallMemory memory = new CallMemory(root, "get", telemetry)) {
            Question question = question(Descriptors.readCommand(ticket));
            Answer answer = reads.submit(question).join();
            if (answer.error() != null) {
                throw answer.error();
            }
            try (ResultBatch batch = new ResultBatch(question.schema(), memory.allocator())) {
                listener.start(batch.root());
                answer.fill(batch);
                byte[] header = answer.header(0).toByteArray();
                ArrowBuf metadata =
                        memory.allocator().buffer(header.length); // putNext takes it over
                metadata.writeBytes(header);
                listener.putNext(metadata);
            }
            listener.completed();
        } catch (RuntimeException e) {
            listener.error(FlightErrors.toFlight(Failures.coded(e)));
        }
    }

    private Question question(ReadCommand command) {
        return switch (command.getKindCase()) {
            case SEARCH -> search(command.getSearch());
            case GET -> get(command.getGet());
            default ->
                    throw new ArbalestException(
                            ErrorCode.MALFORMED_REQUEST,
                            "a ticket holds a search or a get, got " + command.getKindCase(),
                            "open a DoExchange for a stream of requests");
        };
    }

    private Question search(SearchRequest request) {
        ClusterImage.Collection collection =
                images.require(request.getCollection(), UuidBytes.NONE);
        List<String> names = request.getAllFields_() ? null : request.getFieldsList();
        ResultSchema schema =
                ResultSchema.search(collection.definition(), names, request.getIncludeVector());
        List<float[]> queries =
                QuerySchema.readQueries(
                        request.getVectorsF16(), collection.definition().dimension());
        return Question.Search.of(collection, schema, request, queries);
    }

    private Question get(GetRequest request) {
        ClusterImage.Collection collection =
                images.require(request.getCollection(), UuidBytes.NONE);
        List<String> names = request.getAllFields_() ? null : request.getFieldsList();
        ResultSchema schema =
                ResultSchema.get(collection.definition(), names, request.getIncludeVector());
        return Question.Get.of(
                collection,
                schema,
                request,
                request.getKeysList().stream()
                        .map(key -> KeyCodec.fromWire(key, collection.definition().keyType()))
                        .toList());
    }

    @Override
    public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
        try (OpenCalls.Call _ = calls.open()) {
            listener.onNext(new Result(actions.run(action).toByteArray()));
            listener.onCompleted();
        } catch (RuntimeException e) {
            listener.onError(FlightErrors.toFlight(Failures.coded(e)));
        }
    }

    @Override
    public void listActions(CallContext context, StreamListener<ActionType> listener) {
        ClusterActions.TYPES.forEach(listener::onNext);
        listener.onCompleted();
    }

    @Override
    public void listFlights(
            CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
        images.image()
                .collections()
                .values()
                .forEach(collection -> listener.onNext(info(collection)));
        listener.onCompleted();
    }

    /**
     * For a tool that looks before it writes: the full schema of a DoPut. There is nothing to read
     * without a query.
     */
    @Override
    public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
        try {
            PutCommand command = Descriptors.putCommand(descriptor);
            return info(
                    images.require(
                            command.getCollection(), UuidBytes.fromWire(command.getIncarnation())));
        } catch (RuntimeException e) {
            throw FlightErrors.toFlight(Failures.coded(e));
        }
    }

    private static FlightInfo info(ClusterImage.Collection collection) {
        return new FlightInfo(
                PutSchema.full(collection.definition()).arrow(),
                Descriptors.ofCollection(collection.definition().name()),
                List.of(),
                -1,
                -1);
    }
}
