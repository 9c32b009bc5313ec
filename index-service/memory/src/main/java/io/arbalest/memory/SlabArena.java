package io.arbalest.memory;

import io.arbalest.io.NativeMemory;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slots of one size outside the heap, numbered from 0, one behind the other in one range of
 * addresses: slot to offset is a multiplication, and there is no object per slot.
 *
 * <p>The range is reserved for all slots at once and costs nothing. Memory is taken from the budget
 * slab by slab, {@value #SLAB_BYTES} bytes each, when the first slot that touches a slab is needed;
 * the last slab ends with the last slot. With huge pages a slab is one page. Fresh slots are zero.
 *
 * <p>So {@code n} slots take {@code n * strideBytes} bytes, rounded up to a slab, and nothing on
 * the heap but one bit a slab.
 *
 * <p>After {@link #close} every access to the memory fails with the {@link IllegalStateException}
 * of the foreign memory API.
 *
 * <p>Thread-safe; a slot may be used by whoever its {@link #ensure} happened before.
 */
public final class SlabArena implements AutoCloseable {
    /** Bytes that are taken from the budget at a time. */
    public static final int SLAB_BYTES = (int) NativeMemory.HUGE_PAGE_BYTES;

    /** A cache line, which is also one 512-bit load. */
    public static final int ALIGNMENT = 64;

    private static final boolean HUGE_PAGES = Boolean.getBoolean("arbalest.memory.huge-pages");

    private final Arena arena = Arena.ofShared();
    private final MemoryBudget budget;
    private final int strideBytes;
    private final int capacity;
    private final MemorySegment memory;
    private final BitSet slabs = new BitSet();
    private final AtomicLong allocatedBytes = new AtomicLong();
    private volatile long readyBytes; // of the slabs from the first on without a gap
    private boolean closed;

    /**
     * As {@link #SlabArena(int, int, int, MemoryBudget, boolean)} with slots on cache lines, and
     * huge pages if the system property {@code arbalest.memory.huge-pages} is {@code true}.
     */
    public SlabArena(int slotBytes, int capacity, MemoryBudget budget) {
        this(slotBytes, ALIGNMENT, capacity, budget, HUGE_PAGES);
    }

    /** As {@link #SlabArena(int, int, MemoryBudget)} with another alignment of the slots. */
    public SlabArena(int slotBytes, int alignment, int capacity, MemoryBudget budget) {
        this(slotBytes, alignment, capacity, budget, HUGE_PAGES);
    }

    /**
     * @param slotBytes bytes that the owner needs in each slot, at least 1
     * @param alignment of every slot, a power of two of at most 4096
     * @param capacity number of slots, at least 1
     * @param budget what the slabs are reserved from
     * @param hugePages ask the kernel for huge pages; it gives them if it has any
     * @throws ArbalestException {@link ErrorCode#OVERLOADED} if the kernel has no such range of
     *     addresses
     */
    public SlabArena(
            int slotBytes, int alignment, int capacity, MemoryBudget budget, boolean hugePages) {
        if (slotBytes < 1
                || alignment > 4096
                || Integer.bitCount(alignment) != 1
                || slotBytes > Integer.MAX_VALUE - alignment
                || capacity < 1) {
            throw new IllegalArgumentException(
                    "slotBytes "
                            + slotBytes
                            + ", alignment "
                            + alignment
                            + ", capacity "
                            + capacity);
        }
        this.budget = Objects.requireNonNull(budget);
        this.capacity = capacity;
        strideBytes = (slotBytes + alignment - 1) & -alignment;
        memory = reserved(hugePages);
    }

    private MemorySegment reserved(boolean hugePages) {
        long bytes = (long) capacity * strideBytes;
        try {
            return NativeMemory.reserve(arena, bytes, hugePages);
        } catch (IOException e) {
            arena.close();
            throw new ArbalestException(
                    ErrorCode.OVERLOADED,
                    "cannot reserve addresses for "
                            + capacity
                            + " slots of "
                            + strideBytes
                            + " bytes: "
                            + e.getMessage(),
                    "raise the limit of address space of the process, or use smaller segments");
        }
    }

    /**
     * Makes the slot usable: takes its slabs from the budget if they are not taken yet.
     * Thread-safe.
     *
     * @throws ArbalestException if the budget has no room; the arena stays as it was
     */
    public void ensure(int slot) {
        if (slot < 0 || (slot + 1L) * strideBytes > readyBytes) {
            ensureSlow(Objects.checkIndex(slot, capacity));
        }
    }

    private synchronized void ensureSlow(int slot) {
        long from = (long) slot * strideBytes;
        int last = (int) ((from + strideBytes - 1) / SLAB_BYTES);
        for (int slab = (int) (from / SLAB_BYTES); slab <= last; slab++) {
            take(slab);
        }
        readyBytes = Math.min((long) slabs.nextClearBit(0) * SLAB_BYTES, memory.byteSize());
    }

    private void take(int slab) {
        if (slabs.get(slab)) {
            return;
        }
        long bytes = Math.min(SLAB_BYTES, memory.byteSize() - (long) slab * SLAB_BYTES);
        budget.reserve(bytes);
        slabs.set(slab);
        allocatedBytes.addAndGet(bytes);
    }

    /** All slots; those that were not ensured must not be written, and read as zeros. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where the slot starts in {@link #memory}, in bytes. */
    public long offset(int slot) {
        return (long) slot * strideBytes;
    }

    /** Distance of two neighbouring slots, in bytes. */
    public int strideBytes() {
        return strideBytes;
    }

    /** Number of slots. */
    public int capacity() {
        return capacity;
    }

    /** Bytes of the slabs taken so far. */
    public long allocatedBytes() {
        return allocatedBytes.get();
    }

    /** Number of slabs taken so far. */
    public synchronized int allocatedSlabs() {
        return slabs.cardinality();
    }

    /** Frees all slabs and gives their bytes back; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        arena.close();
        budget.release(allocatedBytes.get());
    }
}
