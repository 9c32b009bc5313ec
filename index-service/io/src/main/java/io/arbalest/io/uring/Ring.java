package io.arbalest.io.uring;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * One io_uring with at most one request under way: what a log needs, whose batches follow one
 * another. The submission queue and the completion queue are mapped and shared with the kernel:
 *
 * <pre>
 *   submission:  [head .. tail)  indices of 64-byte entries     this side moves the tail
 *   completion:  [head .. tail)  16-byte entries {data, result}  the kernel moves the tail
 * </pre>
 *
 * A tail is published with release order and read with acquire order, as io_uring(7) asks. Offsets
 * of the fields come from the kernel in {@code struct io_uring_params}.
 *
 * <p>Confined to the thread that made it (IORING_SETUP_SINGLE_ISSUER); only {@link #close} may be
 * called by another one, after the last request.
 */
final class Ring implements Transfer, AutoCloseable {
    static final byte OP_READ_FIXED = 4;
    static final byte OP_WRITE_FIXED = 5;
    static final byte OP_READ = 22;
    static final byte OP_WRITE = 23;

    /** Files that can be registered at the same time. */
    static final int FILE_SLOTS = 4;

    /** Of the submission queue; one request is under way at a time. */
    private static final int ENTRIES = 2;

    private static final int PARAMS_BYTES = 120;
    private static final int SUBMISSION_BYTES = 64;
    private static final int COMPLETION_BYTES = 16;
    private static final long OFFSET_RINGS = 0;
    private static final long OFFSET_SUBMISSIONS = 0x10000000L;
    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int ENTER_GETEVENTS = 1;
    private static final byte SUBMISSION_FIXED_FILE = 1;
    private static final int WRITE_DSYNC = 2;
    private static final int REGISTER_BUFFERS = 0;
    private static final int REGISTER_FILES = 2;
    private static final int REGISTER_FILES_UPDATE = 6;
    private static final int REGISTER_PROBE = 8;
    private static final int PROBE_OPERATIONS = 64;
    private static final int PROBE_SUPPORTED = 1;

    /** How often the kernel may say that it is busy before that counts as a failure. */
    private static final int BUSY_RETRIES = 10_000;

    private static final long BUSY_PAUSE_NANOS = 20_000;

    private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
    private static final VarHandle SHARED = ValueLayout.JAVA_INT.varHandle();

    private final int descriptor;
    private final MemorySegment rings;
    private final MemorySegment submissions;
    private final long submissionHead;
    private final long submissionTail;
    private final int submissionMask;
    private final long completionHead;
    private final long completionTail;
    private final int completionMask;
    private final long completionEntries;
    private long requests;
    private boolean uncertain;
    private boolean closed;

    private Ring(
            int descriptor, MemorySegment rings, MemorySegment submissions, MemorySegment params) {
        this.descriptor = descriptor;
        this.rings = rings;
        this.submissions = submissions;
        submissionHead = field(params, 40);
        submissionTail = field(params, 44);
        submissionMask = rings.get(U32, field(params, 48));
        long array = field(params, 64);
        completionHead = field(params, 80);
        completionTail = field(params, 84);
        completionMask = rings.get(U32, field(params, 88));
        completionEntries = field(params, 100);
        // Slot i of the queue always names entry i.
        for (int i = 0; i <= submissionMask; i++) {
            rings.set(U32, array + 4L * i, i);
        }
    }

    /**
     * Makes a ring that belongs to the calling thread.
     *
     * @throws UringRefusedException if the kernel refuses
     */
    static Ring create() throws UringRefusedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(PARAMS_BYTES, Long.BYTES);
            int descriptor = setup(params, SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN);
            if (Errno.EINVAL.is(descriptor)) {
                descriptor = setup(params, 0); // before Linux 6.1
            }
            if (descriptor < 0) {
                throw Refusals.of("io_uring_setup", descriptor);
            }
            if ((params.get(U32, 20) & FEATURE_SINGLE_MMAP) == 0) {
                LinuxCalls.close(descriptor);
                throw Refusals.of("io_uring_setup", -Errno.ENOSYS.number());
            }
            return mapped(descriptor, params);
        }
    }

    private static int setup(MemorySegment params, int flags) {
        params.fill((byte) 0);
        params.set(U32, 8, flags);
        return LinuxCalls.setup(ENTRIES, params);
    }

    private static Ring mapped(int descriptor, MemorySegment params) throws UringRefusedException {
        int entries = params.get(U32, 0);
        long submissionEnd = field(params, 64) + (long) entries * Integer.BYTES;
        long completionEnd = field(params, 100) + (long) params.get(U32, 4) * COMPLETION_BYTES;
        long length = Math.max(submissionEnd, completionEnd);
        long rings = LinuxCalls.map(descriptor, length, OFFSET_RINGS);
        long submissionBytes = (long) entries * SUBMISSION_BYTES;
        long submissions =
                rings < 0 ? rings : LinuxCalls.map(descriptor, submissionBytes, OFFSET_SUBMISSIONS);
        if (submissions < 0) {
            if (rings > 0) {
                LinuxCalls.unmap(at(rings, length));
            }
            LinuxCalls.close(descriptor);
            throw Refusals.of("mmap", (int) submissions);
        }
        return new Ring(descriptor, at(rings, length), at(submissions, submissionBytes), params);
    }

    @SuppressWarnings("restricted") // the kernel gives an address and a length
    private static MemorySegment at(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length);
    }

    private static long field(MemorySegment params, long offset) {
        return Integer.toUnsignedLong(params.get(U32, offset));
    }

    /** Whether the kernel knows the operations; older ones do not know the question either. */
    boolean supports(byte... operations) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment probe = arena.allocate(16 + 8L * PROBE_OPERATIONS, Long.BYTES);
            if (LinuxCalls.register(descriptor, REGISTER_PROBE, probe, PROBE_OPERATIONS) < 0) {
                return false;
            }
            for (byte operation : operations) {
                int flags = probe.get(U16, 16 + 8L * operation + 2);
                if ((flags & PROBE_SUPPORTED) == 0) {
                    return false;
                }
            }
            return true;
        }
    }

    /** Pins the memory as buffer 0; the result is 0 or a negative error number. */
    int registerBuffer(MemorySegment memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vector = arena.allocate(2L * Long.BYTES, Long.BYTES);
            vector.set(U64, 0, memory.address());
            vector.set(U64, 8, memory.byteSize());
            return LinuxCalls.register(descriptor, REGISTER_BUFFERS, vector, 1);
        }
    }

    /** Makes a table of {@value #FILE_SLOTS} empty slots; 0 or a negative error number. */
    int registerFileTable() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment files = arena.allocate((long) FILE_SLOTS * Integer.BYTES, Integer.BYTES);
            files.fill((byte) -1);
            return LinuxCalls.register(descriptor, REGISTER_FILES, files, FILE_SLOTS);
        }
    }

    /** Puts a descriptor, or -1 for none, into a slot; not negative if that worked. */
    int registerFile(int slot, int fileDescriptor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment files = arena.allocate(Integer.BYTES, Integer.BYTES);
            files.set(U32, 0, fileDescriptor);
            MemorySegment update = arena.allocate(16, Long.BYTES);
            update.set(U32, 0, slot);
            update.set(U64, 8, files.address());
            return LinuxCalls.register(descriptor, REGISTER_FILES_UPDATE, update, 1);
        }
    }

    @Override
    public void prepare(
            byte operation, int file, boolean registered, long offset, MemorySegment memory) {
        if (uncertain) {
            throw new IllegalStateException("a request is under way");
        }
        int tail = rings.get(U32, submissionTail);
        MemorySegment entry =
                submissions.asSlice(
                        (long) (tail & submissionMask) * SUBMISSION_BYTES, SUBMISSION_BYTES);
        entry.fill((byte) 0);
        entry.set(U8, 0, operation);
        entry.set(U8, 1, registered ? SUBMISSION_FIXED_FILE : 0);
        entry.set(U32, 4, file);
        entry.set(U64, 8, offset);
        entry.set(U64, 16, memory.address());
        entry.set(U32, 24, Math.toIntExact(memory.byteSize()));
        boolean writes = operation == OP_WRITE || operation == OP_WRITE_FIXED;
        entry.set(U32, 28, writes ? WRITE_DSYNC : 0);
        entry.set(U64, 32, requests);
        uncertain = true;
        SHARED.setRelease(rings, submissionTail, tail + 1);
    }

    @Override
    public void start() {
        // A request that the kernel does not take now is offered again by complete().
        LinuxCalls.enter(descriptor, 1, 0, 0);
    }

    @Override
    public int complete() throws IOException {
        int tail = rings.get(U32, submissionTail);
        int busy = 0;
        while (true) {
            int head = rings.get(U32, completionHead);
            if (head != (int) SHARED.getAcquire(rings, completionTail)) {
                long entry = completionEntries + (long) (head & completionMask) * COMPLETION_BYTES;
                long told = rings.get(U64, entry);
                if (told != requests) {
                    throw new IOException(
                            "io_uring completed request " + told + ", expected " + requests);
                }
                int result = rings.get(U32, entry + 8);
                SHARED.setRelease(rings, completionHead, head + 1);
                requests++;
                uncertain = false;
                return result;
            }
            int toSubmit = tail - (int) SHARED.getAcquire(rings, submissionHead);
            int entered = LinuxCalls.enter(descriptor, toSubmit, 1, ENTER_GETEVENTS);
            if (entered < 0 && !Errno.EINTR.is(entered)) {
                boolean retry = Errno.EAGAIN.is(entered) || Errno.EBUSY.is(entered);
                if (!retry || ++busy > BUSY_RETRIES) {
                    throw new IOException("io_uring_enter failed: " + Errno.describe(entered));
                }
                LockSupport.parkNanos(BUSY_PAUSE_NANOS);
            }
        }
    }

    /**
     * Whether a request may still be under way: then its memory must never be given back, because
     * the kernel may read it at any time.
     */
    boolean isUncertain() {
        return uncertain;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        LinuxCalls.unmap(submissions);
        LinuxCalls.unmap(rings);
        LinuxCalls.close(descriptor);
    }
}
