package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.ResultRows;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.ResultHeader;

import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A persistent DoExchange call to one node: many requests in flight, told apart by their ids;
 * answers in any order. A daemon thread reads; when the call ends, for whatever reason, everything
 * in flight fails with one coded error and the stream is not used again.
 *
 * <p>Thread-safe: senders take turns.
 */
final class ReadStream {
    /**
     * How much longer than its own timeout a request is waited for before the stream is given up as
     * dead.
     */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private static final long READY_POLL_MICROS = 200;
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

    private static final Duration OVERDUE_CHECK = Duration.ofSeconds(1);

    private record Waiting(CompletableFuture<Answer> answer, long overdueNanos) {}

    private final String peer;
    private final ReadRequest.Shape shape;
    private final BufferAllocator allocator;
    private final ClientThreads threads;
    private final FlightClient.ExchangeReaderWriter exchange;
    private final VectorSchemaRoot requestRoot;
    private final Thread reader;
    private final AtomicLong nextId = new AtomicLong();
    private final Map<Long, Waiting> inFlight = new ConcurrentHashMap<>();
    private final Object sending = new Object();
    private volatile @Nullable ArbalestException ended;

    /** Opens the stream; the channel should be connected, see {@link NodeConnection#image}. */
    ReadStream(
            NodeConnection connection,
            ReadRequest.Shape shape,
            BufferAllocator allocator,
            ClientThreads threads,
            Duration openTimeout) {
        this.peer = connection.endpoint().toString();
        this.shape = shape;
        this.allocator = allocator;
        this.threads = threads;
        this.requestRoot = VectorSchemaRoot.create(shape.requestSchema(), allocator);
        this.exchange =
                connection
                        .flight()
                        .doExchange(
                                Descriptors.ofRead(
                                        ReadCommand.newBuilder()
                                                .setExchange(shape.toWire())
                                                .build()));
        boolean started = false;
        try {
            awaitReady(System.nanoTime() + openTimeout.toNanos());
            exchange.getWriter().start(requestRoot);
            started = true;
        } finally {
            if (!started) {
                exchange.getReader().cancel("not opened", null);
                closeQuietly();
            }
        }
        this.reader = ClientThreads.named("arbalest-client-read-" + peer).newThread(this::readAll);
        reader.start();
        threads.after(OVERDUE_CHECK, this::checkOverdue);
    }

    /** Whether requests can still be sent. */
    boolean isOpen() {
        return ended == null;
    }

    boolean isIdle() {
        return inFlight.isEmpty();
    }

    /**
     * Sends a request; fails with the node's coded error, or with UNREACHABLE if the stream ends
     * first.
     */
    CompletableFuture<Answer> send(ReadRequest request) {
        long id = nextId.getAndIncrement();
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        inFlight.put(
                id,
                new Waiting(
                        answer, System.nanoTime() + request.timeout().toNanos() + GRACE.toNanos()));
        ArbalestException over = ended;
        if (over != null) {
            inFlight.remove(id);
            answer.completeExceptionally(over);
            return answer;
        }
        try {
            transmit(request, id);
        } catch (RuntimeException e) {
            inFlight.remove(id);
            answer.completeExceptionally(FlightErrors.fromFlight(e, peer));
            return answer;
        }
        return answer;
    }

    /**
     * Gives the stream up when a request is overdue: its node is silent, and what follows would
     * wait in vain.
     */
    private void checkOverdue() {
        if (ended != null) {
            return;
        }
        long now = System.nanoTime();
        if (inFlight.values().stream().anyMatch(waiting -> now - waiting.overdueNanos > 0)) {
            giveUp(
                    new ArbalestException(
                            ErrorCode.UNREACHABLE,
                            peer + " did not answer a request in its time",
                            "check that node's log and load"));
        } else {
            threads.after(OVERDUE_CHECK, this::checkOverdue);
        }
    }

    private void transmit(ReadRequest request, long id) {
        byte[] header =
                BatchHeader.newBuilder(request.header()).setRequestId(id).build().toByteArray();
        synchronized (sending) {
            ArbalestException over = ended;
            if (over != null) {
                throw over;
            }
            awaitReady(System.nanoTime() + request.timeout().toNanos());
            request.fill(requestRoot);
            ArrowBuf metadata = allocator.buffer(header.length);
            metadata.writeBytes(header);
            exchange.getWriter().putNext(metadata); // takes the buffer over
        }
    }

    /** Arrow Flight itself would spin until there is room. */
    private void awaitReady(long deadlineNanos) {
        while (!exchange.getWriter().isReady()) {
            ArbalestException over = ended;
            if (over != null) {
                throw over;
            }
            if (System.nanoTime() > deadlineNanos) {
                throw new ArbalestException(
                        ErrorCode.OVERLOADED,
                        peer + " does not take more requests",
                        "send fewer at once");
            }
            try {
                TimeUnit.MICROSECONDS.sleep(READY_POLL_MICROS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ArbalestException(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "interrupted while sending to " + peer,
                        "call again",
                        e);
            }
        }
    }

    // ------------------------------------------------------------ the reader's thread

    private void readAll() {
        ArbalestException why =
                new ArbalestException(
                        ErrorCode.UNREACHABLE, peer + " ended the stream", "check that node's log");
        try {
            FlightStream stream = exchange.getReader();
            ResultRows rows = new ResultRows(shape.resultSchema(), stream.getRoot());
            while (stream.next()) {
                answer(stream, rows);
            }
        } catch (RuntimeException | Error e) {
            why = FlightErrors.fromFlight(e, peer);
        }
        end(why);
        synchronized (sending) {
            closeQuietly();
        }
    }

    private void answer(FlightStream stream, ResultRows rows) {
        ResultHeader header =
                Descriptors.parse(
                        ResultHeader.parser(), stream.getLatestMetadata(), "ResultHeader");
        Waiting waiting = inFlight.remove(header.getRequestId());
        if (waiting == null) {
            return; // not asked, or answered already
        }
        List<Answer.Row> copied = new ArrayList<>(rows.rowCount());
        for (int row = 0; row < rows.rowCount(); row++) {
            copied.add(
                    new Answer.Row(
                            rows.query(row),
                            new Hit(
                                    rows.key(row),
                                    rows.score(row),
                                    rows.version(row),
                                    rows.vector(row),
                                    rows.metadata(row))));
        }
        waiting.answer.complete(new Answer(header, copied));
    }

    private void end(ArbalestException why) {
        if (ended == null) {
            ended = why;
        }
        List.copyOf(inFlight.values())
                .forEach(waiting -> waiting.answer.completeExceptionally(why));
    }

    private void closeQuietly() {
        try {
            exchange.close();
        } catch (Exception e) {
            System.getLogger(ReadStream.class.getName())
                    .log(
                            System.Logger.Level.DEBUG,
                            "closing the stream to {0}: {1}",
                            peer,
                            e.toString());
        }
        requestRoot.close();
    }

    // ------------------------------------------------------------ ending

    private void giveUp(ArbalestException why) {
        end(why);
        exchange.getReader().cancel(why.detail(), null);
    }

    /** Ends the stream; what is in flight fails. */
    void close() {
        giveUp(
                new ArbalestException(
                        ErrorCode.SHUTTING_DOWN, "this client is closed", "connect another"));
    }

    /** Waits until the stream's memory is given back. */
    void awaitClosed() {
        try {
            reader.join(CLOSE_WAIT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
