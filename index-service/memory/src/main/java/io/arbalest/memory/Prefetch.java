package io.arbalest.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.arbalest.io.MachineCode;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Tells the processor what will be read soon, so that it fetches it into its caches while other
 * work is done.
 *
 * <p>A walk of a graph reads here and there, and a read that misses the caches takes as long as a
 * few hundred instructions. Reading a byte ahead of time is a poor substitute: the read has to end
 * before the instructions after it can retire, so that after a handful the processor stands still.
 * An instruction that only asks for a line retires at once. The JVM has none that Java code can
 * reach, hence the few instructions here ({@link MachineCode}; Intel SDM vol. 2, PREFETCHh). A call
 * costs about 5 ns and a line about one cycle.
 *
 * <p>Addresses need not be mapped: such a fetch is dropped. So a fetch never fails, and never waits
 * for a page of a file. Where the instructions cannot be had (another processor, no native access,
 * {@code -Darbalest.prefetch=false}) a byte of each row is read instead.
 *
 * <p>Confined to one thread at a time; {@link #span} is thread-safe.
 */
public final class Prefetch {
    /** The system property that leaves the instructions out if it is {@code false}. */
    public static final String PROPERTY = "arbalest.prefetch";

    /** No sum of a list's bytes comes here; nobody but us knows. */
    private static final int IMPOSSIBLE = Integer.MIN_VALUE;

    /**
     * {@code (address, bytes)}:
     *
     * <pre>
     *    add rsi, rdi
     *    and rdi, -64
     * 1: prefetcht0 [rdi]
     *    add rdi, 64
     *    cmp rdi, rsi
     *    jb 1b
     *    ret
     * </pre>
     */
    private static final int[] SPAN_CODE = {
        0x48, 0x01, 0xFE, 0x48, 0x83, 0xE7, 0xC0, 0x0F, 0x18, 0x0F, 0x48, 0x83, 0xC7, 0x40, 0x48,
        0x39, 0xF7, 0x72, 0xF4, 0xC3
    };

    /**
     * {@code (base, rows, count, strideBytes, bytes, from)}, count at least 1:
     *
     * <pre>
     *    lea rsi, [rsi+r9*4]
     * 1: movsxd rax, dword [rsi]
     *    imul rax, rcx
     *    add rax, rdi
     *    lea r9, [rax+r8]
     *    and rax, -64
     * 2: prefetcht0 [rax]
     *    add rax, 64
     *    cmp rax, r9
     *    jb 2b
     *    add rsi, 4
     *    dec rdx
     *    jnz 1b
     *    ret
     * </pre>
     */
    private static final int[] ROWS_CODE = {
        0x4A, 0x8D, 0x34, 0x8E, 0x48, 0x63, 0x06, 0x48, 0x0F, 0xAF, 0xC1, 0x48, 0x01, 0xF8, 0x4E,
        0x8D, 0x0C, 0x00, 0x48, 0x83, 0xE0, 0xC0, 0x0F, 0x18, 0x08, 0x48, 0x83, 0xC0, 0x40, 0x4C,
        0x39, 0xC8, 0x72, 0xF4, 0x48, 0x83, 0xC6, 0x04, 0x48, 0xFF, 0xCA, 0x75, 0xD9, 0xC3
    };

    private static final @Nullable MethodHandle SPAN =
            load(SPAN_CODE, FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));
    private static final @Nullable MethodHandle ROWS =
            load(
                    ROWS_CODE,
                    FunctionDescriptor.ofVoid(
                            JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private final KnownArrays lists = new KnownArrays();

    /** Of no list yet. */
    public Prefetch() {}

    private static @Nullable MethodHandle load(int[] instructions, FunctionDescriptor type) {
        return "false".equals(System.getProperty(PROPERTY))
                ? null
                : MachineCode.load(MachineCode.X86_64, instructions, type);
    }

    /** Whether the processor is told, rather than made to read. */
    public static boolean available() {
        return SPAN != null && ROWS != null;
    }

    /**
     * Fetches a range.
     *
     * @param memory native
     * @param offset of the first byte
     * @param bytes at least 1
     */
    public static void span(MemorySegment memory, long offset, long bytes) {
        MethodHandle function = SPAN;
        if (function == null) {
            read(memory.get(JAVA_BYTE, offset));
            return;
        }
        try {
            function.invokeExact(memory.address() + offset, bytes);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Fetches rows of one size.
     *
     * <p>Allocates nothing for a list that it has met before.
     *
     * @param memory native
     * @param offset of row 0
     * @param strideBytes from a row to the next
     * @param bytes of a row that will be read, at least 1
     * @param rows which
     * @param from index of the first of them
     * @param count how many of them
     */
    public void rows(
            MemorySegment memory,
            long offset,
            long strideBytes,
            long bytes,
            int[] rows,
            int from,
            int count) {
        if (count <= 0) {
            return;
        }
        Objects.checkFromIndexSize(from, count, rows.length);
        MethodHandle function = ROWS;
        if (function == null) {
            int sum = 0;
            for (int i = from; i < from + count; i++) {
                sum += memory.get(JAVA_BYTE, offset + rows[i] * strideBytes);
            }
            read(sum);
            return;
        }
        try {
            function.invokeExact(
                    memory.address() + offset,
                    lists.segment(rows),
                    (long) count,
                    strideBytes,
                    bytes,
                    (long) from);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Keeps what was read from being optimised away. */
    private static void read(int sum) {
        if (sum == IMPOSSIBLE) {
            throw new AssertionError("a sum of bytes");
        }
    }
}
