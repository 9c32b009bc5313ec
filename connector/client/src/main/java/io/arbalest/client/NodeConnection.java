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
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.CallOptions;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.Result;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The channel to one node. gRPC re-connects by itself; what must be opened again after a failure is the stream.
 *
 * <p>Thread-safe.
 */
final class NodeConnection implements AutoCloseable {
    private final Endpoint endpoint;
    private final FlightClient flight;
    private final ReadStreams reads;

    NodeConnection(Endpoint endpoint, BufferAllocator allocator, ClientThreads threads, Duration connectTimeout) {
        this.endpoint = endpoint;
        this.flight =
                FlightClient.builder(allocator, endpoint.location())
                        .maxInboundMessageSize(WireLimits.MAX_MESSAGE_BYTES)
                        .build();
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
                            new Action(action, body), CallOptions.timeout(timeout.toMillis(), TimeUnit.MILLISECONDS));
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
     * Asks for the image. Also makes sure that the channel is connected: to open a stream on a channel that is not makes
     * Arrow Flight spin on a core until it is.
     */
    io.arbalest.model.ClusterImage image(Duration timeout) {
        try {
            return ImageCodec.fromWire(
                    call(
                            ActionNames.CLUSTER_IMAGE,
                            new byte[0],
                            io.arbalest.protocol.wire.ClusterImage.parser(),
                            timeout));
        } catch (ArbalestException e) {
            if (e.code() == ErrorCode.DEADLINE_EXCEEDED) { // nothing else can take this long: the peer is silent
                throw new ArbalestException(
                        ErrorCode.UNREACHABLE,
                        endpoint + " did not answer within " + timeout.toMillis() + " ms",
                        "check that the node runs and that its port is open",
                        e);
            }
            throw e;
        }
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
