package io.arbalest.flight;

import org.apache.arrow.memory.BufferAllocator;

import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The Arrow memory of one call: a child of the server's allocator that must be empty when the call
 * ends. What is left is a leak: it is logged and counted, and the node goes on.
 *
 * <p>Thread-safe. Closed by whoever opened it.
 */
final class CallMemory implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CallMemory.class.getName());
    private static final AtomicLong NUMBER = new AtomicLong();

    private final BufferAllocator allocator;
    private final FlightTelemetry telemetry;

    CallMemory(BufferAllocator parent, String kind, FlightTelemetry telemetry) {
        this.allocator =
                parent.newChildAllocator(
                        kind + "-" + NUMBER.incrementAndGet(), 0, parent.getLimit());
        this.telemetry = telemetry;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    @Override
    public void close() {
        long left = allocator.getAllocatedMemory();
        if (left > 0) {
            telemetry.leakedBytes.add(left);
            LOG.log(
                    Level.ERROR,
                    "call {0} leaves {1} bytes of Arrow memory behind",
                    allocator.getName(),
                    left);
        }
        try {
            allocator.close();
        } catch (IllegalStateException e) {
            LOG.log(Level.DEBUG, "allocator closed with a leak", e);
        }
    }
}
