package io.arbalest.hnsw.sealed;

import io.arbalest.io.MachineCode;
import io.arbalest.io.Processor;
import io.arbalest.memory.KnownArrays;
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
 * part, as it is for the graph as a whole. Allocates nothing for arrays that it has met before.
 *
 * <p>Confined to one thread.
 */
public final class VnniScores implements RowScores {
    private static final @Nullable MethodHandle FUNCTION =
            VnniKernel.isWanted() && Processor.has(Processor.Feature.VNNI_512)
                    ? MachineCode.load(
                            MachineCode.X86_64, VnniKernel.instructions(), VnniKernel.TYPE)
                    : null;

    private final MemorySegment query;
    private final KnownArrays lists = new KnownArrays();
    private final KnownArrays results = new KnownArrays();

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
        if (!rows.isNative() || count > Math.min(ordinals.length, scores.length)) {
            throw new IllegalArgumentException(
                    "rows on the heap, or " + count + " of a shorter list");
        }
        MethodHandle function = Objects.requireNonNull(FUNCTION); // else there is no instance
        MemorySegment listed = lists.segment(ordinals);
        MemorySegment scored = results.segment(scores);
        long left = 0;
        try {
            if (count > 0) {
                left =
                        (long)
                                function.invokeExact(
                                        rows.address() + at,
                                        listed,
                                        (long) count,
                                        query,
                                        rowBytes,
                                        scored);
            }
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            Reference.reachabilityFence(rows);
        }
        if (left != 0) {
            throw new IndexOutOfBoundsException("row " + ordinals[count - (int) left]);
        }
    }
}
