package io.arbalest.benchmarks.ann.driver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * CPU time of this process, all threads, in nanoseconds: {@code
 * clock_gettime(CLOCK_PROCESS_CPUTIME_ID)}, see clock_gettime(2). The JVM's own counter moves in
 * steps of 10 ms on Linux, which is longer than a slice of queries.
 *
 * <p>Confined to one thread.
 */
final class ProcessClock {
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final MethodHandle clockGetTime;
    private final MemorySegment time = Arena.global().allocate(16, 8);

    @SuppressWarnings("restricted") // the JVM has no clock that is fine enough
    ProcessClock() {
        Linker linker = Linker.nativeLinker();
        clockGetTime =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("clock_gettime"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }

    long cpuNanos() {
        try {
            int result = (int) clockGetTime.invokeExact(CLOCK_PROCESS_CPUTIME_ID, time);
            if (result != 0) {
                throw new IllegalStateException("clock_gettime failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        return time.get(ValueLayout.JAVA_LONG, 0) * NANOS_PER_SECOND
                + time.get(ValueLayout.JAVA_LONG, 8);
    }
}
