package io.arbalest.io.uring;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.BlockWriter;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A writer with a ring: O_DIRECT and RWF_DSYNC, from a registered buffer to a registered file. What
 * cannot be registered (little memory may be locked by default) is written unregistered, which
 * costs a little more processor time and nothing else.
 *
 * <p>Confined to one thread at a time; the ring to the thread that has called {@link #attach}.
 */
final class UringWriter implements BlockWriter {
    private static final Logger LOG = System.getLogger(UringWriter.class.getName());

    /** Below this, registering a part of the buffer is not worth a table entry. */
    private static final long LEAST_REGISTERED_BYTES = 256 << 10;

    /** Of every log; pinned memory is scarce (RLIMIT_MEMLOCK is 8 MiB by default). */
    private static final long MOST_REGISTERED_BYTES = 1 << 20;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment buffer;
    private final @Nullable UringBlockFile[] slots = new UringBlockFile[Ring.FILE_SLOTS];
    private @Nullable Ring ring;
    private @Nullable Thread owner;
    private @Nullable Prepared underWay;
    private long registeredBytes;
    private boolean fileTable;
    private int nextSlot;

    UringWriter(long bufferBytes) {
        buffer = AlignedBuffers.allocateLong(arena, bufferBytes);
    }

    @Override
    public MemorySegment buffer() {
        return buffer;
    }

    @Override
    public void attach() throws IOException {
        if (ring != null) {
            throw new IllegalStateException("attached already");
        }
        Ring made = Ring.create();
        fileTable = made.registerFileTable() >= 0;
        registeredBytes = registerBuffer(made);
        ring = made;
        owner = Thread.currentThread();
        LOG.log(
                Level.DEBUG,
                "a ring with {0} of {1} bytes registered, file table {2}",
                Long.toString(registeredBytes),
                Long.toString(buffer.byteSize()),
                fileTable);
    }

    private long registerBuffer(Ring made) {
        long bytes = Math.min(buffer.byteSize(), MOST_REGISTERED_BYTES);
        while (made.registerBuffer(buffer.asSlice(0, bytes)) < 0) {
            // Locked memory is limited per user (ENOMEM); a smaller piece may still fit.
            bytes = (bytes / 2) & -BlockFile.BLOCK_BYTES;
            if (bytes < LEAST_REGISTERED_BYTES) {
                return 0;
            }
        }
        return bytes;
    }

    /** Bytes from the buffer's beginning that the kernel has pinned; 0 if none. */
    long registeredBytes() {
        return registeredBytes;
    }

    @Override
    public void begin(BlockFile file, long offset, MemorySegment source) throws IOException {
        if (prepare(file, offset, source)) {
            requireRing().start();
        }
    }

    @Override
    public void write(BlockFile file, long offset, MemorySegment source) throws IOException {
        prepare(file, offset, source); // and started by await, in one call
        await();
    }

    /** Puts the write into the ring; false if it has been made plainly. */
    private boolean prepare(BlockFile file, long offset, MemorySegment source) throws IOException {
        if (underWay != null) {
            throw new IllegalStateException("a write is under way");
        }
        if (ring == null
                || !Thread.currentThread().equals(owner)
                || !(file instanceof UringBlockFile target)) {
            file.write(offset, source);
            return false;
        }
        Ring mine = requireRing();
        AlignedBuffers.checkTransfer(offset, source, file.size());
        int descriptor = target.descriptor();
        int slot = fileTable ? slotOf(mine, target, descriptor) : -1;
        Prepared prepared =
                new Prepared(
                        new CompleteTransfer.Target(
                                target.path(),
                                isRegistered(source) ? Ring.OP_WRITE_FIXED : Ring.OP_WRITE,
                                slot >= 0 ? slot : descriptor,
                                slot >= 0),
                        offset,
                        source);
        CompleteTransfer.prepare(mine, prepared.target, offset, source);
        underWay = prepared;
        return true;
    }

    private Ring requireRing() {
        if (ring == null) {
            throw new IllegalStateException("no thread has been attached");
        }
        return ring;
    }

    @Override
    public void await() throws IOException {
        Prepared prepared = underWay;
        if (prepared != null) {
            underWay = null;
            CompleteTransfer.finish(
                    requireRing(), prepared.target, prepared.offset, prepared.source);
        }
    }

    /** A write under way in the ring. */
    private record Prepared(CompleteTransfer.Target target, long offset, MemorySegment source) {}

    private boolean isRegistered(MemorySegment source) {
        long at = source.address() - buffer.address();
        return at >= 0 && at + source.byteSize() <= registeredBytes;
    }

    /** The slot of the file, which takes another file's place if it has none; -1 if that fails. */
    private int slotOf(Ring mine, UringBlockFile file, int descriptor) {
        int free = -1;
        for (int slot = 0; slot < slots.length; slot++) {
            UringBlockFile there = slots[slot];
            if (file.equals(there)) {
                return slot;
            }
            if (there == null) {
                free = slot;
            } else if (there.isClosed()) {
                // The table holds its own reference: a deleted file would keep its blocks.
                mine.registerFile(slot, -1);
                slots[slot] = null;
                free = slot;
            }
        }
        int slot = free >= 0 ? free : nextSlot++ % slots.length;
        if (mine.registerFile(slot, descriptor) < 0) {
            return -1;
        }
        slots[slot] = file;
        return slot;
    }

    @Override
    public void close() {
        Ring mine = ring;
        ring = null;
        if (mine != null) {
            mine.close();
            if (mine.isUncertain()) {
                LOG.log(
                        Level.WARNING,
                        "a write was still under way when the ring was closed; its buffer of {0}"
                                + " bytes is left alone",
                        Long.toString(buffer.byteSize()));
                return;
            }
        }
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
