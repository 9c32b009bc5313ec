package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.PutBatch;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutBatchHeader;
import io.arbalest.protocol.wire.PutCommand;

import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One DoPut call: batches out, acknowledgements in, in the same order.
 *
 * <p>{@link #send} and {@link #close} are confined to the lane; the {@link Listener} is called from
 * gRPC's threads.
 */
final class PutStream {
    /** What a lane hears from its stream. */
    interface Listener {
        void acknowledged(PutStream stream, PutAcknowledgement acknowledgement);

        /** The stream is over; nothing further comes. */
        void ended(PutStream stream, ArbalestException why);
    }

    private final String peer;
    private final BufferAllocator allocator;
    private final Listener listener;
    private final CountDownLatch over = new CountDownLatch(1);
    private final FlightClient.ClientStreamListener out;
    private long nextSequence;

    /** Opens the stream; the channel should be connected, see {@link NodeConnection#image}. */
    PutStream(
            NodeConnection connection,
            PutCommand command,
            PutBatch batch,
            BufferAllocator allocator,
            Listener listener) {
        this.peer = connection.endpoint().toString();
        this.allocator = allocator;
        this.listener = listener;
        this.out =
                connection
                        .flight()
                        .startPut(Descriptors.ofPut(command), batch.root(), new Answers());
    }

    /**
     * Whether {@link #send} would not have to wait: Arrow Flight waits by spinning, so it is never
     * called otherwise.
     */
    boolean isReady() {
        return out.isReady();
    }

    /** Sends what the batch's root holds; returns its sequence, counted from 0. */
    long send() {
        long sequence = nextSequence++;
        byte[] header = PutBatchHeader.newBuilder().setSequence(sequence).build().toByteArray();
        ArrowBuf metadata = allocator.buffer(Math.max(1, header.length));
        metadata.writeBytes(header);
        out.putNext(metadata); // takes the buffer over
        return sequence;
    }

    /** Ends the stream; what was sent may or may not have been stored. */
    void cancel() {
        try {
            out.error(
                    new ArbalestException(
                            ErrorCode.UNREACHABLE, "the writer gave this stream up", ""));
        } catch (RuntimeException e) { // it ended by itself
            System.getLogger(PutStream.class.getName())
                    .log(
                            System.Logger.Level.DEBUG,
                            "cancelling the stream to {0}: {1}",
                            peer,
                            e.getMessage());
        }
    }

    /**
     * Says that nothing more will be sent and waits for the node to agree; cancels if it does not.
     */
    void close(long timeout, TimeUnit unit) {
        try {
            out.completed();
            if (!over.await(timeout, unit)) {
                cancel();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancel();
        } catch (RuntimeException e) {
            cancel();
        }
    }

    private final class Answers implements FlightClient.PutListener {
        @Override
        public void onNext(PutResult result) {
            try {
                listener.acknowledged(
                        PutStream.this,
                        Descriptors.parse(
                                PutAcknowledgement.parser(),
                                result.getApplicationMetadata(),
                                "PutAcknowledgement"));
            } catch (ArbalestException e) {
                listener.ended(PutStream.this, e);
            }
        }

        @Override
        public void onError(Throwable error) {
            over.countDown();
            listener.ended(
                    PutStream.this,
                    FlightErrors.fromFlight(
                            error instanceof FlightRuntimeException
                                    ? error
                                    : org.apache.arrow.flight.grpc.StatusUtils.fromThrowable(error),
                            peer));
        }

        @Override
        public void onCompleted() {
            over.countDown();
            listener.ended(
                    PutStream.this,
                    new ArbalestException(
                            ErrorCode.UNREACHABLE,
                            peer + " ended the stream",
                            "check that node's log"));
        }

        @Override
        public boolean isCancelled() {
            return over.getCount() == 0;
        }

        @Override
        public void getResult() {
            // Nobody waits here: the end of the stream is an event like the others.
        }
    }
}
