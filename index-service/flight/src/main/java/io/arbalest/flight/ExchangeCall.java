package io.arbalest.flight;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.QuerySchema;
import io.arbalest.protocol.ResultBatch;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.ReadCommand;

import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One DoExchange stream: reads requests, hands them out, and sends the answers as they are ready,
 * in any order, one at a time. A request that is refused gets its error in the answer's header and
 * leaves the stream as it is. A request counts as in flight until its answer has been handed to a
 * connection that takes it: so neither a slow shard nor a client that does not read can fill this
 * node's memory.
 *
 * <p>{@link #run} is confined to the call's thread; answers arrive on the pools' threads.
 */
final class ExchangeCall implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ExchangeCall.class.getName());

    /** How often a waiting reader looks whether the node stops. */
    private static final long LOOK_MILLIS = 100;

    private record Pending(long requestId, Answer answer) {}

    private final OpenCalls.Call call;
    private final OpenCalls calls;
    private final ImageView images;
    private final ReadExecutor reads;
    private final BufferAllocator allocator;
    private final ServerStreamListener listener;
    private final int limit;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private final ArrayDeque<Pending> unsent = new ArrayDeque<>();
    private @Nullable ResultBatch batch;
    private int inFlight;
    private boolean listenerGone;

    ExchangeCall(
            OpenCalls.Call call,
            OpenCalls calls,
            ImageView images,
            ReadExecutor reads,
            BufferAllocator allocator,
            ServerStreamListener listener,
            int limit) {
        this.call = call;
        this.calls = calls;
        this.images = images;
        this.reads = reads;
        this.allocator = allocator;
        this.listener = listener;
        this.limit = limit;
    }

    /** Runs until the client ends the stream and every request is answered. */
    void run(FlightStream stream) throws InterruptedException {
        ReadCommand command = Descriptors.readCommand(stream.getDescriptor());
        if (!command.hasExchange()) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "a DoExchange needs a ReadCommand with exchange, got " + command.getKindCase(),
                    "use DoGet for a single request");
        }
        ExchangeOpen open = command.getExchange();
        CollectionDefinition definition =
                images.require(open.getCollection(), UuidBytes.fromWire(open.getIncarnation()))
                        .definition();
        List<String> names = open.getAllFields_() ? null : open.getFieldsList();
        ResultSchema schema =
                open.getGet()
                        ? ResultSchema.get(definition, names, open.getIncludeVector())
                        : ResultSchema.search(definition, names, open.getIncludeVector());
        QuerySchema.check(stream.getSchema(), definition, open.getGet());
        start(schema);
        while (call.next(stream)) {
            BatchHeader header =
                    Descriptors.parse(
                            BatchHeader.parser(), stream.getLatestMetadata(), "BatchHeader");
            admit();
            long requestId = header.getRequestId();
            try {
                var _ =
                        reads.submit(question(header, schema, stream))
                                .thenAccept(answer -> answered(requestId, answer));
            } catch (RuntimeException e) {
                answered(requestId, Answer.refused(Failures.coded(e)));
            }
        }
        drain();
    }

    private void start(ResultSchema schema) {
        lock.lock();
        try {
            listener.setOnReadyHandler(this::send);
            listener.setOnCancelHandler(this::leave);
            batch = new ResultBatch(schema, allocator);
            listener.start(batch.root());
        } finally {
            lock.unlock();
        }
    }

    private Question question(BatchHeader header, ResultSchema schema, FlightStream stream) {
        CollectionDefinition definition = schema.definition();
        // The shard map may have changed since the stream was opened.
        ClusterImage.Collection collection =
                images.require(definition.name(), definition.incarnation());
        boolean fits = schema.search() ? header.hasSearch() : header.hasGet();
        if (!fits) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "the stream is for "
                            + (schema.search() ? "searches" : "gets")
                            + ", got "
                            + header.getKindCase(),
                    "open one stream for searches and another for gets");
        }
        return schema.search()
                ? Question.Search.of(
                        collection,
                        schema,
                        header.getSearch(),
                        QuerySchema.readQueries(stream.getRoot()))
                : Question.Get.of(
                        collection,
                        schema,
                        header.getGet(),
                        QuerySchema.readKeys(stream.getRoot()));
    }

    private void admit() throws InterruptedException {
        lock.lock();
        try {
            while (inFlight >= limit && !listenerGone) {
                if (!changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && calls.closing()) {
                    throw OpenCalls.shuttingDown();
                }
            }
            inFlight++;
        } finally {
            lock.unlock();
        }
    }

    private void answered(long requestId, Answer answer) {
        lock.lock();
        try {
            unsent.add(new Pending(requestId, answer));
        } finally {
            lock.unlock();
        }
        send();
    }

    /** Sends what the connection takes now; called again when it takes more. */
    private void send() {
        lock.lock();
        try {
            while (!unsent.isEmpty() && batch != null && (listenerGone || listener.isReady())) {
                Pending next = unsent.remove();
                if (!listenerGone) {
                    send(next, batch);
                }
                inFlight--;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void send(Pending next, ResultBatch into) {
        try {
            next.answer.fill(into);
            byte[] header = next.answer.header(next.requestId).toByteArray();
            ArrowBuf metadata = allocator.buffer(header.length); // putNext takes it over
            metadata.writeBytes(header);
            listener.putNext(metadata);
        } catch (RuntimeException e) {
            listenerGone = true;
            LOG.log(Level.WARNING, "cannot send an answer; the stream ends", e);
            listener.error(io.arbalest.protocol.FlightErrors.toFlight(Failures.coded(e)));
        }
    }

    private void leave() {
        lock.lock();
        try {
            listenerGone = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        send();
    }

    /** Waits until every request is answered. */
    private void drain() throws InterruptedException {
        lock.lock();
        try {
            while (inFlight > 0) {
                if (!changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && calls.closing()) {
                    return;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Requests that are still running find no batch any more and are dropped. */
    @Override
    public void close() {
        lock.lock();
        try {
            listenerGone = true;
            if (batch != null) {
                batch.close();
                batch = null;
            }
            unsent.clear();
        } finally {
            lock.unlock();
        }
    }
}
