package io.arbalest.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Memory by mmap(2) rather than by malloc, and advice about mapped memory: madvise(2), mlock(2).
 *
 * <p>What {@link #reserve} hands out is address space. A page costs memory from the first write to
 * it on, and reads as zeros before that. So an owner that grows can take the whole range at once
 * and have one segment, with one bounds check and one liveness check, instead of many.
 *
 * <p>Works on Linux with 64-bit addresses. Elsewhere, and where native access is not enabled,
 * {@link #reserve} falls back to {@link Arena#allocate}, which writes zeros to all of it, and
 * advice does nothing.
 *
 * <p>Thread-safe: no state.
 */
public final class NativeMemory {
    /** Size and alignment of a huge page on x86-64, and on AArch64 with 4 KiB pages. */
    public static final long HUGE_PAGE_BYTES = 2L << 20;

    private static final int PROT_READ_WRITE = 0x3;
    private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x2 | 0x20 | 0x4000;
    private static final @Nullable Calls CALLS = Calls.find();

    private NativeMemory() {}

    /** What madvise(2) is told about a range. */
    public enum Advice {
        /** No read-ahead: a graph is read here and there. */
        RANDOM(1),
        /** Much read-ahead: a merge reads from one end to the other. */
        SEQUENTIAL(2),
        /** Read it now, in the background. */
        WILL_NEED(3),
        /**
         * Back it by huge pages: reserved memory from the first write on, a mapped file (Linux 6.7,
         * ext4 and XFS) as far as its pages come into the page cache by reads of the mapping.
         */
        HUGE_PAGES(14),
        /** Let go of the pages that are mapped; whoever touches one next waits for the disk. */
        PAGE_OUT(21),
        /** Read and map it now (Linux 5.14); a read error of the device is no signal. */
        POPULATE(22);

        private final int number;

        Advice(int number) {
            this.number = number;
        }
    }

    /** Whether the calls reach the kernel on this platform. */
    public static boolean available() {
        return CALLS != null;
    }

    /**
     * Address space that reads as zeros, aligned to {@link #HUGE_PAGE_BYTES}, until the arena is
     * closed.
     *
     * @param bytes at least 1; rounded up to whole huge pages inside, not in the segment
     * @param hugePages ask for huge pages; the kernel gives them if it has any
     * @throws IOException if the kernel refuses; the text names the error
     */
    @SuppressWarnings("restricted") // the range was mapped here, and goes when the arena does
    public static MemorySegment reserve(Arena arena, long bytes, boolean hugePages)
            throws IOException {
        if (bytes < 1 || bytes > Long.MAX_VALUE - 2 * HUGE_PAGE_BYTES) {
            throw new IllegalArgumentException("cannot reserve " + bytes + " bytes");
        }
        Calls calls = CALLS;
        if (calls == null) {
            return arena.allocate(bytes, 4096);
        }
        long length = (bytes + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        long wide = length + HUGE_PAGE_BYTES; // holds an aligned range wherever it starts
        long mapped = calls.map(wide);
        long start = (mapped + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        if (start > mapped) {
            calls.unmap(mapped, start - mapped);
        }
        calls.unmap(start + length, mapped + wide - start - length);
        if (hugePages) {
            calls.advise(start, length, Advice.HUGE_PAGES);
        }
        boolean owned = false;
        try {
            MemorySegment segment =
                    MemorySegment.ofAddress(start)
                            .reinterpret(bytes, arena, gone -> calls.unmap(start, length));
            owned = true;
            return segment;
        } finally {
            if (!owned) {
                calls.unmap(start, length);
            }
        }
    }

    /**
     * Gives advice about the pages that the segment touches; mapped files and reserved memory.
     *
     * @return whether the kernel took it; advice is never needed for correctness
     */
    public static boolean advise(MemorySegment segment, Advice advice) {
        Calls calls = CALLS;
        if (calls == null || !segment.isNative() || segment.byteSize() == 0) {
            return false;
        }
        long start = segment.address() & -4096L;
        return calls.advise(start, segment.address() + segment.byteSize() - start, advice);
    }

    /**
     * Keeps the pages of a segment in memory until they are unmapped; reads them first.
     *
     * @return whether the kernel allowed it: RLIMIT_MEMLOCK bounds what a process may lock
     */
    public static boolean lock(MemorySegment segment) {
        Calls calls = CALLS;
        return calls != null
                && segment.isNative()
                && segment.byteSize() > 0
                && calls.lock(segment.address(), segment.byteSize());
    }

    /** The C functions, with errno captured as each returns. */
    private record Calls(
            MethodHandle mmap, MethodHandle munmap, MethodHandle madvise, MethodHandle mlock) {
        private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
        private static final VarHandle ERRNO =
                STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

        static @Nullable Calls find() {
            MethodHandle mmap =
                    function(
                            "mmap",
                            FunctionDescriptor.of(
                                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                                    JAVA_LONG));
            MethodHandle munmap =
                    function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
            MethodHandle madvise =
                    function(
                            "madvise",
                            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
            MethodHandle mlock =
                    function("mlock", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
            return mmap == null || munmap == null || madvise == null || mlock == null
                    ? null
                    : new Calls(mmap, munmap, madvise, mlock);
        }

        private static @Nullable MethodHandle function(String name, FunctionDescriptor type) {
            return CLibrary.function(
                    name,
                    type,
                    "memory comes from malloc, without huge pages",
                    Linker.Option.captureCallState("errno"));
        }

        long map(long bytes) throws IOException {
            try (Arena scratch = Arena.ofConfined()) {
                MemorySegment state = scratch.allocate(STATE);
                long address =
                        (long)
                                mmap.invokeExact(
                                        state,
                                        0L,
                                        bytes,
                                        PROT_READ_WRITE,
                                        MAP_PRIVATE_ANONYMOUS_NORESERVE,
                                        -1,
                                        0L);
                if (address == -1) {
                    throw new IOException(
                            "mmap of "
                                    + bytes
                                    + " bytes failed with errno "
                                    + (int) ERRNO.get(state, 0L)
                                    + " (12 is ENOMEM: raise the limit of address space,"
                                    + " vm.overcommit_memory or vm.max_map_count)");
                }
                return address;
            } catch (IOException e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError("mmap", e);
            }
        }

        void unmap(long address, long bytes) {
            if (bytes > 0 && call(munmap, address, bytes) != 0) {
                throw new IllegalStateException("munmap of " + bytes + " bytes failed");
            }
        }

        boolean lock(long address, long bytes) {
            return call(mlock, address, bytes) == 0;
        }

        boolean advise(long address, long bytes, Advice advice) {
            try (Arena scratch = Arena.ofConfined()) {
                return (int)
                                madvise.invokeExact(
                                        scratch.allocate(STATE), address, bytes, advice.number)
                        == 0;
            } catch (Throwable e) {
                throw new AssertionError("madvise", e);
            }
        }

        private static int call(MethodHandle function, long address, long bytes) {
            try (Arena scratch = Arena.ofConfined()) {
                return (int) function.invokeExact(scratch.allocate(STATE), address, bytes);
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
    }
}
