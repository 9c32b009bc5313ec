package io.arbalest.flight;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.Scheduler;
import io.arbalest.engine.ClusterCatalog;
import io.arbalest.engine.Engine;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.WireLimits;

import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

import java.io.IOException;
import java.lang.System.Logger.Level;

/**
 * A node's Flight port. Serves until it is closed; closing ends the streams that are open, their
 * writers are told SHUTTING_DOWN.
 *
 * <p>Thread-safe.
 */
public final class FlightService implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(FlightService.class.getName());

    private final FlightServer server;
    private final BufferAllocator allocator;
    private final OpenCalls calls;
    private final PeerClient peers;

    private FlightService(
            FlightServer server, BufferAllocator allocator, OpenCalls calls, PeerClient peers) {
        this.server = server;
        this.allocator = allocator;
        this.calls = calls;
        this.peers = peers;
    }

    /**
     * Binds and serves.
     *
     * @param nodeName this node's name in shard assignments
     * @throws ArbalestException PORT_IN_USE, or IO_FAILED if the address cannot be listened on
     */
    public static FlightService start(
            FlightOptions options,
            Engine engine,
            ClusterCatalog catalog,
            String nodeName,
            Clock clock,
            Scheduler scheduler,
            Metrics metrics) {
        BufferAllocator allocator = new RootAllocator(options.memoryBytes());
        OpenCalls calls = new OpenCalls(options.maxCalls());
        FlightTelemetry telemetry = new FlightTelemetry(metrics, calls, allocator);
        PeerClient peers = new PeerClient(catalog);
        ReadExecutor reads =
                new ReadExecutor(
                        new LocalReads(engine, clock),
                        new RemoteReads(peers),
                        nodeName,
                        scheduler.parallel("flight-read", options.readThreads()),
                        scheduler.parallel("flight-wait", options.waitingThreads()),
                        telemetry,
                        clock);
        ImageView images = new ImageView(catalog, clock);
        ArbalestProducer producer =
                new ArbalestProducer(
                        new ArbalestProducer.Parts(
                                options,
                                allocator,
                                calls,
                                telemetry,
                                engine,
                                images,
                                nodeName,
                                clock,
                                peers,
                                reads,
                                new ClusterActions(
                                        engine,
                                        catalog,
                                        nodeName,
                                        new FilteredDeletes(
                                                engine, images, nodeName, peers, clock))));
        FlightServer server =
                FlightServer.builder(
                                allocator,
                                Location.forGrpcInsecure(options.host(), options.port()),
                                producer)
                        .maxInboundMessageSize(WireLimits.MAX_MESSAGE_BYTES)
                        .build();
        try {
            server.start();
        } catch (IOException e) {
            allocator.close();
            throw new ArbalestException(
                    ErrorCode.PORT_IN_USE,
                    "cannot listen for Flight on "
                            + options.host()
                            + ":"
                            + options.port()
                            + ": "
                            + reason(e),
                    "stop the process that uses the port, or set another flight.port",
                    e);
        }
        return new FlightService(server, allocator, calls, peers);
    }

    private static String reason(IOException e) {
        return e.getCause() == null
                ? String.valueOf(e.getMessage())
                : String.valueOf(e.getCause().getMessage());
    }

    /** The port that is listened on. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        calls.shutDown();
        try {
            server.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "the Flight server did not stop in time", e);
        }
        peers.close();
        try {
            allocator.close();
        } catch (IllegalStateException e) {
            LOG.log(
                    Level.WARNING,
                    "Arrow memory left behind: " + allocator.getAllocatedMemory() + " bytes");
        }
    }
}
