package io.arbalest.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Functions of a few instructions that Java has no words for, written into pages that can then be
 * executed and no longer be written (mmap(2), mprotect(2)), as the JVM's own compilers do.
 *
 * <p>Such a function is called without the thread leaving the state of Java code, so a safepoint
 * waits for it: it must be short, must not block or call, reads only memory that is mapped, which
 * may be a page of a file as in Java code, writes only to arrays that it is given, and obeys the
 * calling convention of the System V ABI. The pages stay for the life of the process.
 *
 * <p>Thread-safe.
 */
public final class MachineCode {
    /** The value of {@code os.arch} of x86-64. */
    public static final String X86_64 = "amd64";

    private static final long PAGE_BYTES = 4096;
    private static final int PROT_READ_WRITE = 0x3;
    private static final int PROT_READ_EXECUTE = 0x5;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final long FAILED = -1;
    private static final String WITHOUT = "there are no instructions of our own";
    private static final AtomicBoolean TOLD = new AtomicBoolean(); // that the kernel refuses
    private static final @Nullable MethodHandle MAP =
            CLibrary.function(
                    "mmap",
                    FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT,
                            JAVA_LONG),
                    WITHOUT);
    private static final @Nullable MethodHandle PROTECT =
            CLibrary.function(
                    "mprotect",
                    FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
                    WITHOUT);

    private MachineCode() {}

    /**
     * Loads a function for a processor.
     *
     * @param architecture the {@code os.arch} that the instructions are for
     * @param instructions one byte each, at most a page
     * @param type of the function; an address may be that of an array on the heap
     * @return null on another processor or system, and where the kernel refuses
     */
    @SuppressWarnings("restricted") // the instructions are the caller's promise
    public static @Nullable MethodHandle load(
            String architecture, int[] instructions, FunctionDescriptor type) {
        if (MAP == null
                || PROTECT == null
                || !architecture.equals(System.getProperty("os.arch"))
                || instructions.length > PAGE_BYTES) {
            return null;
        }
        try {
            long page =
                    (long)
                            MAP.invokeExact(
                                    0L, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            if (page == FAILED) {
                return refused("mmap");
            }
            MemorySegment code = MemorySegment.ofAddress(page).reinterpret(PAGE_BYTES);
            for (int i = 0; i < instructions.length; i++) {
                code.set(ValueLayout.JAVA_BYTE, i, (byte) instructions[i]);
            }
            if ((int) PROTECT.invokeExact(page, PAGE_BYTES, PROT_READ_EXECUTE) != 0) {
                return refused("mprotect");
            }
            boolean onHeap =
                    type.argumentLayouts().stream().anyMatch(layout -> layout.equals(ADDRESS));
            return Linker.nativeLinker().downcallHandle(code, type, Linker.Option.critical(onHeap));
        } catch (Throwable e) {
            throw new AssertionError("mmap, mprotect", e);
        }
    }

    private static @Nullable MethodHandle refused(String call) {
        if (TOLD.compareAndSet(false, true)) {
            System.getLogger(MachineCode.class.getName())
                    .log(
                            Level.WARNING,
                            "{0}: the kernel refuses executable pages ({1}). Fix: allow execmem",
                            WITHOUT,
                            call);
        }
        return null;
    }
}
