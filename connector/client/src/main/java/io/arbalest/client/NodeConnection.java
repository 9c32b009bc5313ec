package io.arbalest.client;

import com.google.protobuf.Message;
import com.google.protobuf.Parser;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.ImageCodec;
import io.arbalest.protocol.WireLimits;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.CallOptions;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.Result;
import org.apache.arrow.memory.BufferAllocator;

import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The channel to one node. gRPC re-connects by itself; what must be opened again after a failure is
 * the stream.
 *
 * <p>Thread-safe.
 */
final class NodeConnection implements AutoCloseable {
    /**
     * How long a broken channel is given to connect again before its node counts as unreachable.
     */
    private static final Duration RECONNECT_WAIT = Duration.ofMillis(250);

    private static final Duration RECONNECT_PAUSE = Duration.ofMillis(250);

    private final AtomicLong lastReconnectNanos = new AtomicLong();
    private final Endpoint endpoint;
    private final ManagedChannel channel;
    private final FlightClient flight;
    private final ReadStreams reads;

    NodeConnection(
            Endpoint endpoint,
            BufferAllocator allocator,
            ClientThreads threads,
            Duration connectTimeout) {
        this.endpoint = endpoint;
        this.channel =
                ManagedChannelBuilder.forAddress(endpoint.host(), endpoint.port())
                        .usePlaintext()
                        .maxInboundMessageSize(WireLimits.MAX_MESSAGE_BYTES)
                        .build();
        this.flight =
                FlightGrpcUtils.createFlightClient(
                        allocator, channel); // closes the channel with itself
        this.reads = new ReadStreams(this, allocator, threads, connectTimeout);
    }

    Endpoint endpoint() {
        return endpoint;
    }

    FlightClient flight() {
        return flight;
    }

    ReadStreams reads() {
        return reads;
    }

    /**
     * Calls an action and waits for its one answer.
     *
     * @throws ArbalestException as the node answered, or UNREACHABLE
     */
    <M extends Message> M call(String action, byte[] body, Parser<M> answer, Duration timeout) {
        try {
            Iterator<Result> results =
                    flight.doAction(
                            new Action(action, body),
                            CallOptions.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS));
            if (!results.hasNext()) {
                throw new ArbalestException(
                        ErrorCode.MALFORMED_REQUEST,
                        endpoint + " answered " + action + " with nothing",
                        "check that the port is an Arbalest node's");
            }
            M message = Descriptors.parse(answer, results.next().getBody(), action);
            while (results.hasNext()) { // ends the call; there is nothing more
                results.next();
            }
            return message;
        } catch (RuntimeException e) {
            throw FlightErrors.fromFlight(e, endpoint.toString());
        }
    }

    /**
     * Asks for the image. Also makes sure that the channel is connected: to open a stream on a
     * channel that is not makes Arrow Flight spin on a core until it is.
     */
    io.arbalest.model.ClusterImage image(Duration timeout) {
        awaitReconnected();
        try {
            return ImageCodec.fromWire(
                    call(
                            ActionNames.CLUSTER_IMAGE,
                            new byte[0],
                            io.arbalest.protocol.wire.ClusterImage.parser(),
                            timeout));
        } catch (ArbalestException e) {
            if (e.code()
                    == ErrorCode
                            .DEADLINE_EXCEEDED) { // nothing else can take this long: the peer is
                // silent
                throw new ArbalestException(
                        ErrorCode.UNREACHABLE,
                        endpoint + " did not answer within " + timeout.toMillis() + " ms",
                        "check that the node runs and that its port is open",
                        e);
            }
            throw e;
        }
    }

    /**
     * gRPC waits up to two minutes between attempts and fails every call meanwhile. A restarted
     * node must be found at once, so the attempt is made now; but at most once in a while does a
     * caller wait for it.
     */
    private void awaitReconnected() {
        if (channel.getState(true) != ConnectivityState.TRANSIENT_FAILURE) {
            return;
        }
        long now = System.nanoTime();
        long last = lastReconnectNanos.get();
        if ((last == 0 || now - last > RECONNECT_PAUSE.toNanos())
                && lastReconnectNanos.compareAndSet(last, now)) {
            CountDownLatch changed = new CountDownLatch(1);
            channel.notifyWhenStateChanged(ConnectivityState.TRANSIENT_FAILURE, changed::countDown);
            channel.resetConnectBackoff();
            try {
                if (changed.await(RECONNECT_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        throw new ArbalestException(
                ErrorCode.UNREACHABLE,
                endpoint + " does not accept connections",
                "check that the node runs and that its port is open");
    }

    @Override
    public void close() {
        reads.close();
        try {
            flight.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
