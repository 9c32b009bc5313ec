package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.FlightErrors;

import org.apache.arrow.memory.BufferAllocator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * The open read streams of one node, by shape. At most {@value #MAX_STREAMS}; the one that was idle
 * for longest makes room for another.
 *
 * <p>Thread-safe.
 */
final class ReadStreams implements AutoCloseable {
    static final int MAX_STREAMS = 16;

    private final NodeConnection connection;
    private final BufferAllocator allocator;
    private final ClientThreads threads;
    private final Duration connectTimeout;
    // In order of last use.
    private final Map<ReadRequest.Shape, CompletableFuture<ReadStream>> streams =
            new LinkedHashMap<>(16, 0.75f, true);
    private boolean closed;

    ReadStreams(
            NodeConnection connection,
            BufferAllocator allocator,
            ClientThreads threads,
            Duration connectTimeout) {
        this.connection = connection;
        this.allocator = allocator;
        this.threads = threads;
        this.connectTimeout = connectTimeout;
    }

    /**
     * Sends a request on a stream of its shape, opened if there is none. Never blocks for the
     * network but for room.
     */
    CompletableFuture<Answer> send(ReadRequest request) {
        CompletableFuture<ReadStream> stream = stream(request.shape());
        if (stream.isDone() && !stream.isCompletedExceptionally()) {
            return stream.join().send(request);
        }
        return stream.thenCompose(opened -> opened.send(request));
    }

    private CompletableFuture<ReadStream> stream(ReadRequest.Shape shape) {
        CompletableFuture<ReadStream> opening;
        synchronized (this) {
            if (closed) {
                return CompletableFuture.failedFuture(
                        new ArbalestException(
                                ErrorCode.SHUTTING_DOWN,
                                "this client is closed",
                                "connect another"));
            }
            CompletableFuture<ReadStream> known = streams.get(shape);
            if (known != null && isUsable(known)) {
                return known;
            }
            streams.remove(shape);
            if (!makeRoom()) {
                return CompletableFuture.failedFuture(
                        new ArbalestException(
                                ErrorCode.OVERLOADED,
                                MAX_STREAMS
                                        + " kinds of requests are in flight to "
                                        + connection.endpoint(),
                                "ask for the same fields in concurrent requests, or send fewer at"
                                        + " once"));
            }
            opening = new CompletableFuture<>();
            streams.put(shape, opening);
        }
        try {
            threads.callers().execute(() -> open(shape, opening));
        } catch (RejectedExecutionException e) {
            opening.completeExceptionally(
                    new ArbalestException(
                            ErrorCode.OVERLOADED, "too many calls wait", "send fewer at once", e));
        }
        return opening;
    }

    private void open(ReadRequest.Shape shape, CompletableFuture<ReadStream> opening) {
        try {
            connection.image(connectTimeout);
            ReadStream opened =
                    new ReadStream(connection, shape, allocator, threads, connectTimeout);
            boolean tooLate;
            synchronized (this) {
                tooLate = closed;
            }
            opening.complete(opened);
            if (tooLate) {
                opened.close();
                opened.awaitClosed();
            }
        } catch (RuntimeException | Error e) {
            opening.completeExceptionally(
                    FlightErrors.fromFlight(e, connection.endpoint().toString()));
        }
    }

    private static boolean isUsable(CompletableFuture<ReadStream> stream) {
        return !stream.isDone() || (!stream.isCompletedExceptionally() && stream.join().isOpen());
    }

    private boolean makeRoom() {
        streams.values().removeIf(stream -> !isUsable(stream));
        if (streams.size() < MAX_STREAMS) {
            return true;
        }
        for (var oldest = streams.values().iterator(); oldest.hasNext(); ) {
            CompletableFuture<ReadStream> stream = oldest.next();
            if (stream.isDone() && stream.join().isIdle()) {
                oldest.remove();
                stream.join().close();
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        List<ReadStream> open = new ArrayList<>();
        synchronized (this) {
            closed = true;
            for (CompletableFuture<ReadStream> stream : streams.values()) {
                if (stream.isDone() && !stream.isCompletedExceptionally()) {
                    open.add(stream.join());
                }
            }
            streams.clear();
        }
        open.forEach(ReadStream::close);
        open.forEach(ReadStream::awaitClosed);
    }
}
