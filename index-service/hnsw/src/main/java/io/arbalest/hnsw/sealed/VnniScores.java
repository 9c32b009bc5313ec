package io.arbalest.hnsw.sealed;

import io.arbalest.io.MachineCode;
import io.arbalest.io.Processor;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.RowScores;
import io.arbalest.simd.VnniKernel;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Scores rows by the instructions of {@link VnniKernel}, where the processor has them.
 *
 * <p>Instructions see addresses only. That the rows are not freed yet is looked at here, and that
 * ordinals are below their number there; that they stay until the call returns is the caller's
 * part, as it is for the graph as a whole. Allocates nothing once it is made.
 *
 * <p>Confined to one thread.
 */
public final class VnniScores implements RowScores {
    private static final @Nullable MethodHandle FUNCTION =
            VnniKernel.isWanted() && Processor.has(Processor.Feature.VNNI_512)
                    ? MachineCode.load(
                            MachineCode.X86_64, VnniKernel.instructions(), VnniKernel.TYPE)
                    : null;

    /** Rows that are scored in one call. */
    private static final int MOST = 32;

    private final MemorySegment query;
    private final int[] list = new int[MOST];
    private final float[] found = new float[MOST];
    private final MemorySegment listed = MemorySegment.ofArray(list);
    private final MemorySegment scored = MemorySegment.ofArray(found);

    private VnniScores(int dimension) {
        query =
                Arena.ofAuto()
                        .allocate(VnniKernel.queryBytes(dimension), SealedGraphFormat.ALIGNMENT);
    }

    /**
     * Those for rows of a dimension; null where the processor does not have the instructions, where
     * they are forbidden ({@link VnniKernel#PROPERTY}), and for rows too short to hold their terms.
     */
    public static @Nullable VnniScores of(int dimension) {
        return FUNCTION != null && dimension >= ByteTerms.CODES ? new VnniScores(dimension) : null;
    }

    @Override
    public void load(ByteQuery elements, float factor, float offset, int rows) {
        VnniKernel.layOut(elements, factor, offset, rows, query);
    }

    @Override
    public void score(
            MemorySegment rows, long at, long rowBytes, int[] ordinals, int count, float[] scores) {
        if (!rows.scope().isAlive()) {
            throw new IllegalStateException("the rows are closed");
        }
        if (!rows.isNative()) {
            throw new IllegalArgumentException("rows on the heap");
        }
        try {
            scoreAt(rows.address() + at, rowBytes, ordinals, count, scores);
        } finally {
            Reference.reachabilityFence(rows);
        }
    }

    private void scoreAt(long base, long rowBytes, int[] ordinals, int count, float[] scores) {
        MethodHandle function = Objects.requireNonNull(FUNCTION); // else there is no instance
        for (int from = 0; from < count; from += MOST) {
            int some = Math.min(MOST, count - from);
            System.arraycopy(ordinals, from, list, 0, some);
            long left;
            try {
                left =
                        (long)
                                function.invokeExact(
                                        base, listed, (long) some, query, rowBytes, scored);
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
            if (left != 0) {
                throw new IndexOutOfBoundsException("row " + list[some - (int) left]);
            }
            System.arraycopy(found, 0, scores, from, some);
        }
    }
}
