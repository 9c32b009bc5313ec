package io.arbalest.hnsw.sealed;

import io.arbalest.io.MachineCode;
import io.arbalest.io.Processor;
import io.arbalest.memory.KnownArrays;
import io.arbalest.simd.ByteQuery;
import io.arbalest.simd.ByteTerms;
import io.arbalest.simd.NibbleQuery;
import io.arbalest.simd.RowScores;
import io.arbalest.simd.VnniKernel;
import io.arbalest.simd.VnniNibbleKernel;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Scores rows by the instructions of {@link VnniKernel} or {@link VnniNibbleKernel}, where the
 * processor has them.
 *
 * <p>Instructions see addresses only. That the rows are not freed yet is looked at here, and that
 * ordinals are below their number there; that they stay until the call returns is the caller's
 * part, as it is for the graph as a whole. Allocates nothing for arrays that it has met before.
 *
 * <p>Confined to one thread.
 *
 * @param <Q> queries
 */
public final class VnniScores<Q> implements RowScores<Q> {
    private static final @Nullable MethodHandle BYTES = function(VnniKernel.instructions());
    private static final @Nullable MethodHandle NIBBLES = function(VnniNibbleKernel.instructions());

    /** Lays a query out for the instructions. */
    @FunctionalInterface
    private interface Layout<Q> {
        void layOut(Q query, float factor, float offset, int rows, MemorySegment target);
    }

    private final boolean nibbles;
    private final Layout<Q> layout;
    private final MemorySegment query;
    private final KnownArrays lists = new KnownArrays();
    private final KnownArrays results = new KnownArrays();

    private VnniScores(boolean nibbles, long queryBytes, Layout<Q> layout) {
        this.nibbles = nibbles;
        this.layout = layout;
        query = Arena.ofAuto().allocate(queryBytes, SealedGraphFormat.ALIGNMENT);
    }

    private static @Nullable MethodHandle function(int[] instructions) {
        return VnniKernel.isWanted() && Processor.has(Processor.Feature.VNNI_512)
                ? MachineCode.load(MachineCode.X86_64, instructions, VnniKernel.TYPE)
                : null;
    }

    /**
     * Those for rows of seven bits an element; null where the processor does not have the
     * instructions, where they are forbidden ({@link VnniKernel#PROPERTY}), and for rows too short
     * to hold their terms.
     */
    public static @Nullable VnniScores<ByteQuery> ofBytes(int dimension) {
        return BYTES != null && dimension >= ByteTerms.CODES
                ? new VnniScores<>(false, VnniKernel.queryBytes(dimension), VnniKernel::layOut)
                : null;
    }

    /** The same for rows of four bits an element, of any length. */
    public static @Nullable VnniScores<NibbleQuery> ofNibbles(int dimension) {
        return NIBBLES == null
                ? null
                : new VnniScores<>(
                        true, VnniNibbleKernel.queryBytes(dimension), VnniNibbleKernel::layOut);
    }

    @Override
    public void load(Q elements, float factor, float offset, int rows) {
        layout.layOut(elements, factor, offset, rows, query);
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
        MemorySegment listed = lists.segment(ordinals);
        MemorySegment scored = results.segment(scores);
        long left = 0;
        try {
            if (count > 0) {
                left = call(rows.address() + at, listed, count, rowBytes, scored);
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

    /** Each function is a constant to the compiler, which a field of this object would not be. */
    private long call(
            long first, MemorySegment listed, long count, long rowBytes, MemorySegment scored)
            throws Throwable {
        if (nibbles) {
            MethodHandle function = Objects.requireNonNull(NIBBLES); // else there is no instance
            return (long) function.invokeExact(first, listed, count, query, rowBytes, scored);
        }
        MethodHandle function = Objects.requireNonNull(BYTES);
        return (long) function.invokeExact(first, listed, count, query, rowBytes, scored);
    }
}
