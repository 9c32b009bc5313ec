package io.arbalest.flight;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.arrow.flight.FlightStream;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The streams that are open, so that they can be bounded, and ended when the node stops: a writer's
 * stream lasts as long as the writer and would otherwise hold a stopping server back.
 *
 * <p>Thread-safe.
 */
final class OpenCalls {
    private final int limit;
    private final AtomicInteger count = new AtomicInteger();
    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closing = new AtomicBoolean();

    OpenCalls(int limit) {
        this.limit = limit;
    }

    /**
     * Counts a call in; refused with OVERLOADED or SHUTTING_DOWN. Closed by the thread that runs
     * the call.
     */
    Call open() {
        Call call = new Call();
        if (count.incrementAndGet() > limit) {
            count.decrementAndGet();
            throw new ArbalestException(
                    ErrorCode.OVERLOADED,
                    limit + " Flight calls are open on this node",
                    "close streams that are no longer used, or ask another node");
        }
        calls.add(call);
        if (closing.get()) {
            call.close();
            throw shuttingDown();
        }
        return call;
    }

    int count() {
        return count.get();
    }

    boolean closing() {
        return closing.get();
    }

    /** Refuses new calls and wakes those that wait for their peer's next message. */
    void shutDown() {
        closing.set(true);
        calls.forEach(Call::interruptReading);
    }

    static ArbalestException shuttingDown() {
        return new ArbalestException(
                ErrorCode.SHUTTING_DOWN,
                "this node is stopping",
                "send again; the client does so by itself");
    }

    /** One open call. Confined to its thread, apart from {@link #interruptReading()}. */
    final class Call implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private boolean reading; // guarded by this

        /**
         * The stream's next batch. Only here may a stopping node interrupt the thread: elsewhere
         * the interrupt could hit a file operation of another room and close its channel.
         *
         * @return false at the end of the stream
         * @throws ArbalestException SHUTTING_DOWN if the node stops
         */
        boolean next(FlightStream stream) {
            synchronized (this) {
                if (closing.get()) {
                    throw shuttingDown();
                }
                reading = true;
            }
            try {
                return stream.next();
            } catch (RuntimeException e) {
                if (closing.get()) {
                    throw shuttingDown();
                }
                throw e;
            } finally {
                synchronized (this) {
                    reading = false;
                    if (closing.get()) {
                        Thread.interrupted(); // ours; the thread goes back to a pool
                    }
                }
            }
        }

        private synchronized void interruptReading() {
            if (reading) {
                thread.interrupt();
            }
        }

        @Override
        public void close() {
            if (calls.remove(this)) {
                count.decrementAndGet();
            }
        }
    }
}
