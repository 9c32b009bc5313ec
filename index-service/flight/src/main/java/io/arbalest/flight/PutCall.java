package io.arbalest.flight;

import com.google.protobuf.ByteString;

import io.arbalest.common.Clock;
import io.arbalest.engine.RowBatch;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.RowStatus;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.PutRows;
import io.arbalest.protocol.PutSchema;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutBatchHeader;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.RowError;

import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.jspecify.annotations.Nullable;

import java.util.concurrent.CompletableFuture;

/**
 * One DoPut stream: batch after batch is taken from the stream, written without waiting for the one
 * before, and acknowledged in order. What is wrong with a row is that row's error, what is wrong
 * with a batch is its acknowledgement's error, and only what is wrong with the stream as a whole
 * ends it. After a batch that is refused whole, the later ones of its stream are refused as well,
 * with the same code: a writer that sends again from there, on a new stream, keeps the order of its
 * rows.
 *
 * <p>Confined to the call's thread, apart from the ends of the writes.
 */
final class PutCall {
    private final OpenCalls.Call call;
    private final ImageView images;
    private final BufferAllocator allocator;
    private final PutWindow window;
    private final FlightTelemetry telemetry;
    private final Clock clock;
    private volatile @Nullable Refusal refusal;

    /** The first batch that was refused whole. */
    private record Refusal(long sequence, ArbalestException reason) {}

    PutCall(
            OpenCalls.Call call,
            ImageView images,
            BufferAllocator allocator,
            PutWindow window,
            FlightTelemetry telemetry,
            Clock clock) {
        this.call = call;
        this.images = images;
        this.allocator = allocator;
        this.window = window;
        this.telemetry = telemetry;
        this.clock = clock;
    }

    /** Where the rows of a stream go. Closed at the stream's end. */
    interface Target extends AutoCloseable {
        /**
         * Writes the rows that are not rejected yet. The rows stay open until the future completes.
         */
        CompletableFuture<PutOutcome> write(
                IncomingRows rows, RowBatch.Writer writer, boolean acceptOlder);

        @Override
        void close();
    }

    /** Chooses the target of a stream. */
    @FunctionalInterface
    interface Router {
        Target route(ClusterImage.Collection collection, PutCommand command);
    }

    /**
     * Runs until the writer ends the stream. Batches may still be on their way then; the window
     * knows.
     */
    void run(FlightStream stream, Router router) throws InterruptedException {
        PutCommand command = Descriptors.putCommand(stream.getDescriptor());
        ClusterImage.Collection collection =
                images.require(
                        command.getCollection(),
                        UuidBytes.fromWire(command.getIncarnation()),
                        definition -> PutSchema.knows(definition, stream.getSchema()));
        PutSchema schema = PutSchema.check(stream.getSchema(), collection.definition());
        PutRows source = new PutRows(schema, stream.getRoot());
        long implied = 0;
        try (Target target = router.route(collection, command)) {
            while (call.next(stream)) {
                PutBatchHeader header = header(stream, implied++);
                write(source, stream.getRoot(), header.getSequence(), collection, command, target);
            }
        }
    }

    /** A writer that knows only Arrow sends no header; its batches are counted. */
    private static PutBatchHeader header(FlightStream stream, long implied) {
        ArrowBuf metadata = stream.getLatestMetadata();
        return metadata == null || metadata.readableBytes() == 0
                ? PutBatchHeader.newBuilder().setSequence(implied).build()
                : Descriptors.parse(PutBatchHeader.parser(), metadata, "PutBatchHeader");
    }

    private void write(
            PutRows source,
            VectorSchemaRoot root,
            long sequence,
            ClusterImage.Collection collection,
            PutCommand command,
            Target target)
            throws InterruptedException {
        long arrived = clock.monotonicNanos();
        long bytes = root.getFieldVectors().stream().mapToLong(FieldVector::getBufferSize).sum();
        int rowCount = root.getRowCount();
        telemetry.putBatches.add(1);
        telemetry.putRows.add(rowCount);
        telemetry.putBytes.add(bytes);
        PutWindow.Slot slot = window.admit(bytes);
        IncomingRows rows = null;
        CompletableFuture<PutOutcome> written;
        try {
            refuseAfterRefusal();
            PutSchema.checkRows(rowCount);
            rows =
                    IncomingRows.take(
                            source, hasNullComponents(root), collection.definition(), allocator);
            written = target.write(rows, writer(command, sequence), command.getAcceptOlder());
        } catch (RuntimeException e) {
            written = CompletableFuture.failedFuture(e);
        }
        IncomingRows taken = rows;
        var _ =
                written.whenComplete((outcome, failure) -> {
                    PutAcknowledgement answer =
                            outcome != null
                                    ? acknowledge(sequence, outcome, collection)
                                    : refuse(sequence, rowCount, failure);
                    if (taken != null) {
                        taken.close();
                    }
                    telemetry.putSeconds.observe((clock.monotonicNanos() - arrived) / 1e9);
                    window.finish(slot, answer);
                });
    }

    private void refuseAfterRefusal() {
        Refusal first = refusal;
        if (first != null) {
            throw new ArbalestException(
                    first.reason().code(),
                    "batch "
                            + first.sequence()
                            + " of this stream was refused, so this one is: "
                            + first.reason().detail(),
                    "send again from batch " + first.sequence() + " on, on a new stream");
        }
    }

    /** Batches may fail in another order than theirs. */
    private synchronized void refused(long sequence, ArbalestException reason) {
        Refusal first = refusal;
        if (first == null || sequence < first.sequence()) {
            refusal = new Refusal(sequence, reason);
        }
    }

    private static boolean hasNullComponents(VectorSchemaRoot root) {
        return root.getFieldVectors().stream()
                .anyMatch(column ->
                        column instanceof FixedSizeListVector vectors
                                && vectors.getDataVector().getNullCount() > 0);
    }

    private static RowBatch.Writer writer(PutCommand command, long sequence) {
        if (!command.hasWriter() || command.getWriter().getGroup().isEmpty()) {
            return RowBatch.Writer.ANONYMOUS;
        }
        var writer = command.getWriter();
        return new RowBatch.Writer(
                writer.getGroup(),
                writer.getSubtask(),
                writer.getEpoch(),
                sequence,
                writer.getCheckpoint());
    }

    @SuppressWarnings("EnumOrdinal") // the wire's number for a status, see RowStatus
    private PutAcknowledgement acknowledge(
            long sequence, PutOutcome outcome, ClusterImage.Collection collection) {
        PutAcknowledgement.Builder answer =
                PutAcknowledgement.newBuilder()
                        .setSequence(sequence)
                        .setRows(outcome.statuses().length)
                        .setToken(
                                TokenCodec.toWire(
                                        outcome.position(collection.definition().incarnation())));
        byte[] statuses = new byte[outcome.statuses().length];
        boolean allApplied = true;
        for (int row = 0; row < statuses.length; row++) {
            statuses[row] = (byte) outcome.statuses()[row].ordinal();
            allApplied &= outcome.statuses()[row] == RowStatus.APPLIED;
        }
        if (!allApplied) {
            answer.setStatuses(ByteString.copyFrom(statuses));
        }
        outcome.errors()
                .forEach((row, error) ->
                        answer.addErrors(
                                RowError.newBuilder()
                                        .setRow(row)
                                        .setError(ErrorCodec.toWire(error))));
        telemetry.rejectedRows.add(outcome.errors().size());
        return answer.build();
    }

    private PutAcknowledgement refuse(long sequence, int rows, @Nullable Throwable failure) {
        ArbalestException error =
                Failures.coded(
                        failure == null
                                ? new IllegalStateException("no outcome and no failure")
                                : failure);
        refused(sequence, error);
        telemetry.failedBatches.add(1);
        return PutAcknowledgement.newBuilder()
                .setSequence(sequence)
                .setRows(rows)
                .setError(ErrorCodec.toWire(error))
                .setOutcomeUnknown(
                        failure instanceof SplittingTarget.PartlyWritten
                                || Failures.outcomeUnknown(error.code()))
                .build();
    }
}
