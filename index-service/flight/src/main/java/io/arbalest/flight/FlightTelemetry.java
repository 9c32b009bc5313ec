package io.arbalest.flight;

import io.arbalest.common.Metrics;

import org.apache.arrow.memory.BufferAllocator;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The room's metrics, resolved once.
 *
 * <p>Thread-safe.
 */
final class FlightTelemetry {
    final Metrics.Counter putRows;
    final Metrics.Counter putBatches;
    final Metrics.Counter putBytes;
    final Metrics.Counter rejectedRows;
    final Metrics.Counter forwardedRows;
    final Metrics.Counter failedBatches;
    final Metrics.Histogram putSeconds;
    final Metrics.Counter queries;
    final Metrics.Counter gottenKeys;
    final Metrics.Counter failedRequests;
    final Metrics.Histogram searchSeconds;
    final Metrics.Histogram getSeconds;
    final Metrics.Counter leakedBytes;
    final AtomicLong putBytesInFlight = new AtomicLong();
    final AtomicLong requestsInFlight = new AtomicLong();

    FlightTelemetry(Metrics metrics, OpenCalls calls, BufferAllocator allocator) {
        putRows = metrics.counter("arbalest_flight_put_rows_total", "Rows received by DoPut");
        putBatches =
                metrics.counter("arbalest_flight_put_batches_total", "Batches received by DoPut");
        putBytes =
                metrics.counter("arbalest_flight_put_bytes_total", "Arrow bytes received by DoPut");
        rejectedRows =
                metrics.counter(
                        "arbalest_flight_rejected_rows_total", "Rows answered with REJECTED");
        forwardedRows =
                metrics.counter(
                        "arbalest_flight_forwarded_rows_total",
                        "Rows sent on to the node that owns them");
        failedBatches =
                metrics.counter(
                        "arbalest_flight_failed_batches_total", "Batches answered with an error");
        putSeconds =
                metrics.histogram(
                        "arbalest_flight_put_seconds",
                        "From a batch's arrival to its acknowledgement");
        queries = metrics.counter("arbalest_flight_queries_total", "Query vectors searched for");
        gottenKeys = metrics.counter("arbalest_flight_gotten_keys_total", "Keys asked for");
        failedRequests =
                metrics.counter(
                        "arbalest_flight_failed_requests_total",
                        "Searches and gets answered with an error");
        searchSeconds =
                metrics.histogram(
                        "arbalest_flight_search_seconds", "From a search's arrival to its answer");
        getSeconds =
                metrics.histogram(
                        "arbalest_flight_get_seconds", "From a get's arrival to its answer");
        leakedBytes =
                metrics.counter(
                        "arbalest_flight_leaked_bytes_total",
                        "Arrow bytes that a call did not give back");
        metrics.gauge("arbalest_flight_open_calls", "Flight calls that are open", calls::count);
        metrics.gauge(
                "arbalest_flight_arrow_bytes",
                "Arrow memory in use",
                allocator::getAllocatedMemory);
        metrics.gauge(
                "arbalest_flight_put_in_flight_bytes",
                "Bytes read by DoPut and not yet acknowledged",
                putBytesInFlight::get);
        metrics.gauge(
                "arbalest_flight_requests_in_flight",
                "Searches and gets that are not answered yet",
                requestsInFlight::get);
    }
}
