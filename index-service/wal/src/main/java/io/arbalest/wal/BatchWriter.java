package io.arbalest.wal;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockWriter;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Lays out what waits in batches and writes them one after the other, file after file:
 *
 * <pre>
 *   queue --layOut--> open batch --begin--> under way --await--> written --> may be acknowledged
 *                     (grows)               (at most 1)          (waits for its file's name)
 * </pre>
 *
 * While a batch is under way the next one may be laid out, in the other half of the buffer; it is
 * begun only when all of the one before is on stable storage. The first batch of a file is written
 * together with the file's header.
 *
 * <p>Crash points: {@code log-batch.under-way}, {@code log-batch.written}.
 *
 * <p>Confined to one thread at a time.
 */
final class BatchWriter implements AutoCloseable {
    private final LogEnvironment environment;
    private final WalFiles files;
    private final LogMetrics metrics;
    private final long term;
    private final BlockWriter blocks;
    private final MemorySegment[] halves = new MemorySegment[2];

    /** Taken and not acknowledged, in order; the first {@code writtenRecords} are on the disk. */
    private final Deque<PendingRecord> held = new ArrayDeque<>();

    private int writtenRecords;

    /** Behind those, on the disk in a file without a name. */
    private int unnamedRecords;

    private long unnamedFile;
    private WalFiles.@Nullable Active active;
    private @Nullable OpenBatch open;
    private @Nullable OpenBatch underWay;
    private LogPosition laidOut;
    private LogPosition durable;
    private LogPosition named;
    private LogPosition acknowledged;

    /**
     * @param end of the log, where the first file begins
     */
    BatchWriter(
            LogEnvironment environment,
            WalFiles files,
            LogMetrics metrics,
            BlockWriter blocks,
            LogPosition end,
            long term) {
        this.environment = environment;
        this.files = files;
        this.metrics = metrics;
        this.term = term;
        this.blocks = blocks;
        MemorySegment buffer = blocks.buffer();
        long half = buffer.byteSize() / 2;
        halves[0] = buffer.asSlice(0, half);
        halves[1] = buffer.asSlice(half, half);
        laidOut = end;
        durable = end;
        named = end;
        acknowledged = end;
    }

    /** Where records come from. */
    interface Source {
        /**
         * The next records, in order, of at most {@code limit} framed bytes together; or one alone
         * of at most {@code alone}.
         */
        List<PendingRecord> take(long limit, long alone);

        boolean isEmpty();
    }

    /** A batch being laid out, and then written. */
    private static final class OpenBatch {
        final WalFiles.Active file;
        final MemorySegment memory;
        final long fileOffset;
        final long capacity;
        final Batch layout;
        int records;
        long used;
        long bytes;
        long begunNanos;

        /**
         * @param memory the header comes first if the batch is the first of its file
         */
        OpenBatch(WalFiles.Active file, LogPosition at, long term, MemorySegment memory) {
            this.file = file;
            this.memory = memory;
            boolean first = at.offset() == WalFormat.HEADER_BLOCK_BYTES;
            long header = first ? WalFormat.HEADER_BLOCK_BYTES : 0;
            if (first) {
                file.header().write(memory.asSlice(0, header));
            }
            fileOffset = at.offset() - header;
            capacity =
                    Math.min(memory.byteSize() - header, file.header().fileBytes() - at.offset());
            layout = new Batch(memory.asSlice(header), file.header(), at, term);
        }

        boolean isFirst() {
            return fileOffset == 0;
        }

        void add(List<PendingRecord> taken) {
            for (PendingRecord record : taken) {
                layout.add(record.type(), record.rowCount(), record.body());
                used += record.framedBytes();
                records++;
            }
        }

        /** What is to be written at the batch's place. */
        MemorySegment finish() {
            bytes = layout.finish().byteSize();
            return memory.asSlice(0, bytes + (isFirst() ? WalFormat.HEADER_BLOCK_BYTES : 0));
        }
    }

    /** On the thread that will write most, before its first batch. */
    void attach() throws IOException {
        blocks.attach();
    }

    /**
     * Lays out what waits, as far as one batch takes it; adds to the batch that is laid out
     * already, if there is one. False if it must wait for a file.
     */
    boolean layOut(Source source) throws IOException {
        if (open == null && !openBatch(source)) {
            return source.isEmpty();
        }
        OpenBatch batch = requireOpen();
        List<PendingRecord> taken = source.take(batch.capacity - batch.used, 0);
        held.addAll(taken);
        batch.add(taken);
        return true;
    }

    /** Opens a batch with its first records; false if nothing waits or no file is ready. */
    private boolean openBatch(Source source) throws IOException {
        List<PendingRecord> taken = active == null ? List.of() : takeFor(active, source);
        if (taken.isEmpty()) {
            if (source.isEmpty() || !beginFile()) {
                return false;
            }
            taken = takeFor(requireActive(), source);
        }
        if (taken.isEmpty()) {
            return false;
        }
        long bytes = 0;
        for (PendingRecord record : taken) {
            bytes += record.framedBytes();
        }
        openBatch(bytes).add(taken);
        return true;
    }

    private List<PendingRecord> takeFor(WalFiles.Active file, Source source) {
        long room = file.header().fileBytes() - laidOut.offset();
        long limit = halves[0].byteSize();
        if (laidOut.offset() == WalFormat.HEADER_BLOCK_BYTES) {
            limit -= WalFormat.HEADER_BLOCK_BYTES;
        }
        // A record longer than the buffer goes alone, in memory of its own.
        List<PendingRecord> taken = source.take(Math.min(limit, room), room);
        held.addAll(taken);
        return taken;
    }

    private OpenBatch openBatch(long recordBytes) {
        boolean first = laidOut.offset() == WalFormat.HEADER_BLOCK_BYTES;
        long bytes = recordBytes + (first ? WalFormat.HEADER_BLOCK_BYTES : 0);
        MemorySegment memory =
                underWay == null || underWay.memory.address() != halves[0].address()
                        ? halves[0]
                        : halves[1];
        if (bytes > memory.byteSize()) {
            memory = AlignedBuffers.allocate(Arena.ofAuto(), bytes); // rare
        }
        OpenBatch batch = new OpenBatch(requireActive(), laidOut, term, memory);
        open = batch;
        return batch;
    }

    private boolean beginFile() throws IOException {
        WalFiles.Active begun = files.begin(laidOut, term);
        if (begun == null) {
            return false;
        }
        WalFiles.Active full = active;
        active = begun;
        if (full != null && underWay == null) {
            full.file().close();
        }
        laidOut =
                new LogPosition(
                        begun.header().number(),
                        WalFormat.HEADER_BLOCK_BYTES,
                        laidOut.nextSequenceNumber(),
                        term,
                        laidOut.chain());
        return true;
    }

    /** Bytes of records that are laid out and not begun. */
    long laidOutBytes() {
        return open == null ? 0 : open.used;
    }

    boolean isUnderWay() {
        return underWay != null;
    }

    /**
     * Begins to write what is laid out; nothing may be under way.
     *
     * @param awaitedNext whether {@link #await} follows at once, which is cheaper
     */
    void begin(boolean awaitedNext) throws IOException {
        OpenBatch batch = requireOpen();
        if (underWay != null) {
            throw new IllegalStateException("a batch is under way");
        }
        MemorySegment bytes = batch.finish();
        laidOut = batch.layout.end();
        open = null;
        underWay = batch;
        batch.begunNanos = environment.clock().monotonicNanos();
        if (awaitedNext) {
            blocks.write(batch.file.file(), batch.fileOffset, bytes);
        } else {
            blocks.begin(batch.file.file(), batch.fileOffset, bytes);
            environment.crashPoints().hit("log-batch.under-way");
        }
    }

    /**
     * Waits for the batch that is under way.
     *
     * @param inBackground whether its file, if it is new, may get its name from another thread
     */
    void await(boolean inBackground) throws IOException {
        OpenBatch batch = underWay;
        if (batch == null) {
            return;
        }
        blocks.await();
        underWay = null;
        metrics.committed(
                batch.records,
                batch.bytes,
                environment.clock().monotonicNanos() - batch.begunNanos);
        durable = batch.layout.end();
        if (batch.isFirst() || unnamedRecords > 0) {
            unnamedFile = batch.file.header().number();
            unnamedRecords += batch.records;
        } else {
            writtenRecords += batch.records;
            named = durable;
        }
        environment.crashPoints().hit("log-batch.written");
        if (batch.file.header().number() != requireActive().header().number()) {
            batch.file.file().close(); // it was full, and this its last batch
        }
        if (batch.isFirst()) {
            if (inBackground) {
                files.nameLater();
            } else {
                files.nameNow();
            }
        }
    }

    /** Gives the records that have become durable in files with names, in order, once. */
    List<PendingRecord> acknowledge() {
        if (unnamedRecords > 0 && files.hasName(unnamedFile)) {
            writtenRecords += unnamedRecords;
            unnamedRecords = 0;
            named = durable;
        }
        if (writtenRecords == 0) {
            return List.of();
        }
        acknowledged = named;
        List<PendingRecord> told = release(writtenRecords);
        writtenRecords = 0;
        return told;
    }

    /** Gives all records that were taken and whose fate is unknown. */
    List<PendingRecord> abandon() {
        writtenRecords = 0;
        unnamedRecords = 0;
        return release(held.size());
    }

    private List<PendingRecord> release(int count) {
        List<PendingRecord> released = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            released.add(held.removeFirst());
        }
        return released;
    }

    /** The end of what was acknowledged. */
    LogPosition acknowledged() {
        return acknowledged;
    }

    private OpenBatch requireOpen() {
        if (open == null) {
            throw new IllegalStateException("nothing is laid out");
        }
        return open;
    }

    private WalFiles.Active requireActive() {
        if (active == null) {
            throw new IllegalStateException("no file is begun");
        }
        return active;
    }

    @Override
    public void close() throws IOException {
        blocks.close();
        OpenBatch left = underWay;
        underWay = null;
        if (left != null) {
            left.file.file().close(); // closing twice does nothing
        }
        if (active != null) {
            active.file().close();
            active = null;
        }
    }
}
