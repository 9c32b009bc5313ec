package io.arbalest.io.uring;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * The functions of the C library that a ring needs. io_uring has no wrappers there and goes through
 * syscall(2); its three numbers are the same on every architecture. Results are those of the
 * kernel: not negative, or a negative error number.
 *
 * <p>No call is linked as {@code critical}: io_uring_enter may sleep, and a critical call that
 * sleeps keeps every other thread from its safepoint. The twelve nanoseconds are not worth it.
 *
 * <p>Thread-safe.
 */
final class LinuxCalls {
    static final int PROT_READ_WRITE = 1 | 2;
    static final int MAP_SHARED_POPULATE = 0x01 | 0x8000;

    private static final long SYS_IO_URING_SETUP = 425;
    private static final long SYS_IO_URING_ENTER = 426;
    private static final long SYS_IO_URING_REGISTER = 427;
    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x80000;
    private static final int O_DSYNC = 0x1000;
    private static final int O_DIRECT_X86 = 0x4000;
    private static final int O_DIRECT_ARM = 0x10000;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
            ERRNO_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    /** One area a thread: the captured errno of its last call. */
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(ERRNO_LAYOUT));

    private static final MethodHandle SETUP =
            function("syscall", FunctionDescriptor.of(LONG, LONG, INT, POINTER), 1);
    private static final MethodHandle ENTER =
            function(
                    "syscall",
                    FunctionDescriptor.of(LONG, LONG, INT, INT, INT, INT, POINTER, LONG),
                    1);
    private static final MethodHandle REGISTER =
            function("syscall", FunctionDescriptor.of(LONG, LONG, INT, INT, POINTER, INT), 1);
    private static final MethodHandle OPEN =
            function("open", FunctionDescriptor.of(INT, POINTER, INT), 2);
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(INT, INT), 1);
    private static final MethodHandle MMAP =
            function("mmap", FunctionDescriptor.of(LONG, POINTER, LONG, INT, INT, INT, LONG), 6);
    private static final MethodHandle MUNMAP =
            function("munmap", FunctionDescriptor.of(INT, POINTER, LONG), 2);

    private LinuxCalls() {}

    /** Whether this is a system on which the calls mean what they say. */
    static boolean isSupported() {
        String architecture = System.getProperty("os.arch", "");
        return System.getProperty("os.name", "").equals("Linux")
                && (architecture.equals("amd64") || architecture.equals("aarch64"));
    }

    static int setup(int entries, MemorySegment params) {
        try {
            return result(
                    (long) SETUP.invokeExact(CAPTURED.get(), SYS_IO_URING_SETUP, entries, params));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int enter(int ring, int toSubmit, int minComplete, int flags) {
        try {
            return result(
                    (long)
                            ENTER.invokeExact(
                                    CAPTURED.get(),
                                    SYS_IO_URING_ENTER,
                                    ring,
                                    toSubmit,
                                    minComplete,
                                    flags,
                                    MemorySegment.NULL,
                                    0L));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int register(int ring, int operation, MemorySegment argument, int count) {
        try {
            return result(
                    (long)
                            REGISTER.invokeExact(
                                    CAPTURED.get(),
                                    SYS_IO_URING_REGISTER,
                                    ring,
                                    operation,
                                    argument,
                                    count));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Opens an existing file for reading and writing. Writes are synchronous whatever a request
     * says: what a request says cannot be seen from outside, the flags of a descriptor can.
     */
    static int open(Path file, boolean direct) {
        boolean arm = System.getProperty("os.arch", "").equals("aarch64");
        int directFlag = arm ? O_DIRECT_ARM : O_DIRECT_X86;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(file.toAbsolutePath().toString());
            return result(
                    (int)
                            OPEN.invokeExact(
                                    CAPTURED.get(),
                                    path,
                                    O_RDWR | O_CLOEXEC | O_DSYNC | (direct ? directFlag : 0)));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(int descriptor) {
        try {
            return result((int) CLOSE.invokeExact(CAPTURED.get(), descriptor));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The address of the mapping, or a negative error number. */
    static long map(int descriptor, long length, long offset) {
        try {
            long address =
                    (long)
                            MMAP.invokeExact(
                                    CAPTURED.get(),
                                    MemorySegment.NULL,
                                    length,
                                    PROT_READ_WRITE,
                                    MAP_SHARED_POPULATE,
                                    descriptor,
                                    offset);
            return address == -1 ? result(-1) : address;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int unmap(MemorySegment mapping) {
        try {
            return result((int) MUNMAP.invokeExact(CAPTURED.get(), mapping, mapping.byteSize()));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static int result(long returned) {
        return returned == -1 ? -(int) ERRNO.get(CAPTURED.get(), 0L) : Math.toIntExact(returned);
    }

    @SuppressWarnings("restricted") // calling the C library is what this class is for
    private static MethodHandle function(
            String name, FunctionDescriptor descriptor, int firstVariadic) {
        Linker linker = Linker.nativeLinker();
        SymbolLookup lookup = linker.defaultLookup();
        MemorySegment symbol =
                lookup.find(name)
                        .orElseThrow(() -> new UnsatisfiedLinkError("no function " + name));
        Linker.Option errno = Linker.Option.captureCallState("errno");
        boolean variadic = firstVariadic < descriptor.argumentLayouts().size();
        return variadic
                ? linker.downcallHandle(
                        symbol, descriptor, errno, Linker.Option.firstVariadicArg(firstVariadic))
                : linker.downcallHandle(symbol, descriptor, errno);
    }

    private static AssertionError unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new AssertionError("a downcall does not throw", e);
    }
}
