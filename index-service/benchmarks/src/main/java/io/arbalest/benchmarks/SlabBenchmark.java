package io.arbalest.benchmarks;

import io.arbalest.memory.MemoryBudget;
import io.arbalest.memory.SlabArena;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/**
 * Slots that a thread allocates a second, and what it takes to write to them for the first time:
 * the kernel then gives the page.
 *
 * <p>Confined to the benchmark's thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgs = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SlabBenchmark {
    /** Slots of an arena; making and freeing the arena is part of the time. */
    public static final int SLOTS = 1 << 18;

    /** Bytes of a slot: links of a point with m = 16, a vector of 768 elements. */
    @Param({"128", "1536"})
    public int slotBytes = 128;

    /** Takes every slot of an arena from its budget. */
    @Benchmark
    @OperationsPerInvocation(SLOTS)
    public long allocate() {
        try (SlabArena slabs = new SlabArena(slotBytes, SLOTS, MemoryBudget.unlimited("bench"))) {
            for (int slot = 0; slot < SLOTS; slot++) {
                slabs.ensure(slot);
            }
            return slabs.allocatedBytes();
        }
    }

    /** Also writes to every slot. */
    @Benchmark
    @OperationsPerInvocation(SLOTS)
    public long allocateAndWrite() {
        try (SlabArena slabs = new SlabArena(slotBytes, SLOTS, MemoryBudget.unlimited("bench"))) {
            for (int slot = 0; slot < SLOTS; slot++) {
                slabs.ensure(slot);
                slabs.memory().set(ValueLayout.JAVA_INT, slabs.offset(slot), slot);
            }
            return slabs.allocatedBytes();
        }
    }
}
