package io.arbalest.flight;

import java.time.Duration;

/**
 * Where the Flight server listens and how much it takes on at once.
 *
 * @param host address to listen on
 * @param port 0: any free port
 * @param memoryBytes Arrow memory of all calls together; beyond, a call fails with OVERLOADED
 * @param maxCalls streams and calls that may be open at once
 * @param putBytesInFlight bytes of one DoPut stream that are read and not yet acknowledged; then it
 *     is not read further
 * @param putBatchesInFlight the same in batches
 * @param exchangeRequestsInFlight requests of one DoExchange stream that are read and not yet
 *     answered
 * @param readThreads threads that search this node's shards
 * @param waitingThreads threads for requests that wait: for other nodes, or for a token's rows
 * @param closePatience how long closing waits for running requests
 *     <p>Immutable.
 */
public record FlightOptions(
        String host,
        int port,
        long memoryBytes,
        int maxCalls,
        long putBytesInFlight,
        int putBatchesInFlight,
        int exchangeRequestsInFlight,
        int readThreads,
        int waitingThreads,
        Duration closePatience) {
    private static final long DEFAULT_MEMORY_BYTES = 1L << 30;
    private static final int DEFAULT_MAX_CALLS = 1024;
    private static final long DEFAULT_PUT_BYTES = 16L << 20;
    private static final int DEFAULT_PUT_BATCHES = 16;
    private static final int DEFAULT_EXCHANGE_REQUESTS = 64;
    private static final int DEFAULT_WAITING_THREADS = 16;
    private static final Duration DEFAULT_CLOSE_PATIENCE = Duration.ofSeconds(2);

    /** Everything but the address at its default; as many search threads as processors. */
    public static FlightOptions listeningOn(String host, int port) {
        return new FlightOptions(
                host,
                port,
                DEFAULT_MEMORY_BYTES,
                DEFAULT_MAX_CALLS,
                DEFAULT_PUT_BYTES,
                DEFAULT_PUT_BATCHES,
                DEFAULT_EXCHANGE_REQUESTS,
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                DEFAULT_WAITING_THREADS,
                DEFAULT_CLOSE_PATIENCE);
    }
}
