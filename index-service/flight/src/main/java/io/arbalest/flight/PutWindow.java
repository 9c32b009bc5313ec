package io.arbalest.flight;

import io.arbalest.protocol.wire.PutAcknowledgement;

import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The batches of one DoPut stream that are read and not yet acknowledged: bounds them, and sends
 * the acknowledgements in the order of the batches whatever the order in which they finish. While
 * the window is full, the stream is not read: that is how a slow index reaches back to the writer.
 *
 * <p>Thread-safe: one thread admits, the shards' threads finish.
 */
final class PutWindow {
    private static final System.Logger LOG = System.getLogger(PutWindow.class.getName());

    /** How often a waiting reader looks whether the node stops. */
    private static final long LOOK_MILLIS = 100;

    private final long maxBytes;
    private final int maxBatches;
    private final OpenCalls calls;
    private final FlightTelemetry telemetry;
    private final BufferAllocator allocator;
    private final StreamListener<PutResult> listener;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // guarded by lock
    private final ArrayDeque<Slot> slots = new ArrayDeque<>();
    private long bytes;
    private boolean listenerGone;

    PutWindow(
            FlightOptions options,
            OpenCalls calls,
            FlightTelemetry telemetry,
            BufferAllocator allocator,
            StreamListener<PutResult> listener) {
        this.maxBytes = options.putBytesInFlight();
        this.maxBatches = options.putBatchesInFlight();
        this.calls = calls;
        this.telemetry = telemetry;
        this.allocator = allocator;
        this.listener = listener;
    }

    /** One batch's place in the order of acknowledgements. */
    static final class Slot {
        private final long bytes;
        private @Nullable PutAcknowledgement answer; // guarded by the window's lock

        private Slot(long bytes) {
            this.bytes = bytes;
        }
    }

    /** Waits until the batch fits; a batch larger than the window fits when it is alone. */
    Slot admit(long batchBytes) throws InterruptedException {
        lock.lock();
        try {
            while (!slots.isEmpty()
                    && (slots.size() >= maxBatches || bytes + batchBytes > maxBytes)) {
                if (!changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && calls.closing()) {
                    throw OpenCalls.shuttingDown();
                }
            }
            Slot slot = new Slot(batchBytes);
            slots.add(slot);
            bytes += batchBytes;
            telemetry.putBytesInFlight.addAndGet(batchBytes);
            return slot;
        } finally {
            lock.unlock();
        }
    }

    /** Gives the slot its answer and sends every answer whose turn it is. Does not block. */
    void finish(Slot slot, PutAcknowledgement answer) {
        lock.lock();
        try {
            slot.answer = answer;
            Slot head = slots.peek();
            while (head != null && head.answer != null) {
                send(head.answer);
                slots.remove();
                bytes -= head.bytes;
                telemetry.putBytesInFlight.addAndGet(-head.bytes);
                head = slots.peek();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until every batch is acknowledged: their buffers are in use until then. A stopping node
     * waits only so long.
     */
    void drain(Duration patienceWhenClosing) throws InterruptedException {
        long looksLeft = patienceWhenClosing.toMillis() / LOOK_MILLIS;
        lock.lock();
        try {
            while (!slots.isEmpty() && looksLeft > 0) {
                if (!changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS) && calls.closing()) {
                    looksLeft--;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void send(PutAcknowledgement answer) {
        if (listenerGone) {
            return;
        }
        byte[] encoded = answer.toByteArray();
        ArrowBuf buffer = allocator.buffer(encoded.length);
        try (PutResult result = PutResult.metadata(buffer)) { // takes the buffer over
            buffer.writeBytes(encoded);
            listener.onNext(result);
        } catch (RuntimeException e) {
            listenerGone =
                    true; // the writer has left; it learns the fate of its rows by sending them
            // again
            LOG.log(Level.DEBUG, "cannot acknowledge", e);
        }
    }
}
