package io.arbalest.io;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * What the kernel's scheduler is told about the calling thread, and what the kernel knows of it.
 * The JVM's own priorities do nothing on Linux unless the whole process is started with flags that
 * need privileges for half of them.
 *
 * <p>Works on Linux, where the nice value belongs to a thread (setpriority(2), "C library/kernel
 * differences"). Elsewhere, and where native access is not enabled, nothing is changed.
 *
 * <p>Thread-safe: no state.
 */
public final class NativeThreads {
    /** The nice value of a thread that has to wait for all others. */
    public static final int MOST_NICE = 19;

    private static final int PRIO_PROCESS = 0;
    private static final int CALLING_THREAD = 0;
    private static final String WITHOUT = "background threads compete with searches";
    private static final @Nullable MethodHandle SET_PRIORITY =
            CLibrary.function(
                    "setpriority",
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                    WITHOUT);
    private static final @Nullable MethodHandle GET_PRIORITY =
            CLibrary.function(
                    "getpriority", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT), WITHOUT);
    private static final int CALLING_THREAD_USAGE = 1;
    private static final long USAGE_BYTES = 144; // of 64-bit Linux: two times, fourteen longs
    private static final long MAJOR_FAULTS_AT = 72;
    private static final ThreadLocal<MemorySegment> USAGE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(USAGE_BYTES, 8));
    private static final @Nullable MethodHandle GET_USAGE =
            CLibrary.function(
                    "getrusage", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS), WITHOUT);

    private NativeThreads() {}

    /**
     * Sets the nice value of the calling platform thread: of two threads that want the same
     * processor, the nicer one gets about a fifth less a step. Needs no privilege unless it lowers
     * the value.
     *
     * @param nice 0 to {@value #MOST_NICE}
     * @return whether the kernel took it
     */
    public static boolean nice(int nice) {
        if (nice < 0 || nice > MOST_NICE) {
            throw new IllegalArgumentException("nice " + nice + ", expected 0.." + MOST_NICE);
        }
        MethodHandle function = SET_PRIORITY;
        if (function == null) {
            return false;
        }
        try {
            return (int) function.invokeExact(PRIO_PROCESS, CALLING_THREAD, nice) == 0;
        } catch (Throwable e) {
            throw new AssertionError("setpriority", e);
        }
    }

    /**
     * How often the calling thread had to wait for a page of a mapped file to be read
     * (getrusage(2), RUSAGE_THREAD, ru_majflt); 0 where it is not known.
     */
    public static long majorFaults() {
        MethodHandle function = GET_USAGE;
        if (function == null) {
            return 0;
        }
        try {
            MemorySegment usage = USAGE.get();
            int result = (int) function.invokeExact(CALLING_THREAD_USAGE, usage);
            return result == 0 ? usage.get(JAVA_LONG, MAJOR_FAULTS_AT) : 0;
        } catch (Throwable e) {
            throw new AssertionError("getrusage", e);
        }
    }

    /** The nice value of the calling thread; 0 where it is not known. */
    static int nice() {
        MethodHandle function = GET_PRIORITY;
        if (function == null) {
            return 0;
        }
        try {
            return (int) function.invokeExact(PRIO_PROCESS, CALLING_THREAD);
        } catch (Throwable e) {
            throw new AssertionError("getpriority", e);
        }
    }
}
