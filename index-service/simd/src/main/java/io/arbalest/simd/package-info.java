/**
 * Distance kernels over binary16 vectors and compact codes, written with the Vector API, and a
 * scalar twin for each.
 *
 * <p><b>Knows</b> common, model, foreign memory, and is the only room that imports {@code
 * jdk.incubator.vector}. <b>Does not know</b> metrics, ordinals, slabs or graphs.
 *
 * <p><b>Start at</b> {@link io.arbalest.simd.HalfDot}, then {@link io.arbalest.simd.HalfCodec} for
 * how vectors are stored. {@link io.arbalest.simd.KernelSelfTest} tests all kernels where they run.
 * What the Vector API has no word for is in {@link io.arbalest.simd.VnniKernel} and {@link
 * io.arbalest.simd.VnniNibbleKernel}, as instructions that somebody else loads and calls ({@link
 * io.arbalest.simd.RowScores}).
 *
 * <p><b>How kernels are compiled.</b> A vector is a value in a register only within one compiled
 * unit. Whoever passes one to a method of ours that the compiler does not inline there allocates
 * it, and a kernel is 3 to 30 times slower, with the same results. Whether a method is inlined
 * depends on the size of the unit that the caller grows into, so it may change minutes after the
 * start. Therefore:
 *
 * <ul>
 *   <li>no method of this room takes or returns a vector;
 *   <li>the kernels that a search spends its time in are longer than what the compiler inlines
 *       ({@code FreqInlineSize}, 325 bytes of code), so each stays a unit of its own, whoever calls
 *       it: that is why they are written out;
 *   <li>species are {@code static final}: {@link io.arbalest.simd.VectorWidth};
 *   <li>loops over a vector's elements take their step from a field, which the compiler takes for
 *       unknown. Of a loop with a known step over a segment it makes several, one in the other, to
 *       take the tests for the segment's end out of the innermost: that costs more than the tests
 *       unless a loop is long, and a vector of 128 elements is four iterations.
 * </ul>
 *
 * <p><b>Threads:</b> none; everything is stateless or immutable.
 *
 * <p><b>Owns</b> nothing.
 */
@NullMarked
package io.arbalest.simd;

import org.jspecify.annotations.NullMarked;
