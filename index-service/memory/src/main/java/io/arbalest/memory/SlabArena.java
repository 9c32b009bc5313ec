package io.arbalest.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Slots of one size outside the heap, numbered from 0, in slabs that are allocated when their first
 * slot is needed.
 *
 * <p>A slot starts on a cache line: the stride is the slot size rounded up to 64 bytes. A slab
 * holds a power of two of slots, as many as fit into {@value #SLAB_BYTES} bytes (at least one), so
 * slot to (slab, offset) is a shift and a mask and there is no object per slot. Fresh slots are
 * zero.
 *
 * <p>After {@link #close} every access to a slab fails with the {@link IllegalStateException} of
 * the foreign memory API.
 *
 * <p>Readers are thread-safe for slots whose {@link #ensure} happened before; {@link #ensure} is
 * confined to one thread at a time.
 */
public final class SlabArena implements AutoCloseable {
    /** Upper bound of a slab, unless a single slot is larger. */
    public static final int SLAB_BYTES = 2 << 20;

    /** A cache line, which is also one 512-bit load. */
    public static final int ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final MemoryBudget budget;
    private final int strideBytes;
    private final int slotShift;
    private final MemorySegment[] slabs;
    private final int capacity;
    private final AtomicLong allocatedBytes = new AtomicLong();
    private int allocatedSlabs;
    private boolean closed;

    /**
     * @param slotBytes bytes that the owner needs in each slot, at least 1
     * @param capacity number of slots, at least 1
     * @param budget what the slabs are reserved from
     */
    public SlabArena(int slotBytes, int capacity, MemoryBudget budget) {
        if (slotBytes < 1 || slotBytes > Integer.MAX_VALUE - ALIGNMENT || capacity < 1) {
            throw new IllegalArgumentException("slotBytes " + slotBytes + ", capacity " + capacity);
        }
        this.budget = Objects.requireNonNull(budget);
        this.capacity = capacity;
        strideBytes = (slotBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        int perSlab = Integer.highestOneBit(Math.max(1, SLAB_BYTES / strideBytes));
        slotShift = Integer.numberOfTrailingZeros(perSlab);
        slabs = new MemorySegment[((capacity - 1) >>> slotShift) + 1];
        Arrays.fill(slabs, MemorySegment.NULL);
    }

    /**
     * Makes the slot usable: allocates its slab if there is none yet.
     *
     * @throws io.arbalest.model.ArbalestException if the budget has no room; the arena stays as it
     *     was
     */
    public void ensure(int slot) {
        int slab = Objects.checkIndex(slot, capacity) >>> slotShift;
        if (slabs[slab].byteSize() > 0) {
            return;
        }
        long bytes = slabBytes(slab);
        budget.reserve(bytes);
        boolean allocated = false;
        try {
            slabs[slab] = arena.allocate(bytes, ALIGNMENT);
            allocated = true;
        } finally {
            if (!allocated) {
                budget.release(bytes);
            }
        }
        allocatedSlabs++;
        allocatedBytes.addAndGet(bytes);
    }

    /** The slab of a slot that was ensured; an empty segment otherwise. */
    public MemorySegment slab(int slot) {
        return slabs[slot >>> slotShift];
    }

    /** Where the slot starts in {@link #slab}, in bytes. */
    public long offset(int slot) {
        return (long) (slot & ((1 << slotShift) - 1)) * strideBytes;
    }

    /**
     * Slab and offset in one: the slab's index in {@link #slabs} in the upper 32 bits, the byte
     * offset in the lower.
     */
    public long place(int slot) {
        return ((long) (slot >>> slotShift) << 32) | offset(slot);
    }

    /**
     * All slabs; those not allocated yet are empty segments. The array is the arena's own: read it,
     * never write it.
     */
    public MemorySegment[] slabs() {
        return slabs;
    }

    /** Distance of two neighbouring slots of a slab, in bytes. */
    public int strideBytes() {
        return strideBytes;
    }

    /** Number of slots. */
    public int capacity() {
        return capacity;
    }

    /** Bytes of the slabs allocated so far. */
    public long allocatedBytes() {
        return allocatedBytes.get();
    }

    /** Number of slabs allocated so far. */
    public int allocatedSlabs() {
        return allocatedSlabs;
    }

    /** Frees all slabs and gives their bytes back; a second call does nothing. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        arena.close();
        budget.release(allocatedBytes.get());
    }

    private long slabBytes(int slab) {
        int first = slab << slotShift;
        int slots = Math.min(1 << slotShift, capacity - first);
        return (long) slots * strideBytes;
    }
}
