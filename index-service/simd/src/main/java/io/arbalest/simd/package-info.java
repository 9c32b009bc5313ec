/**
 * Distance kernels over binary16 vectors, written with the Vector API, and a scalar twin for each.
 *
 * <p><b>Knows</b> common, model, foreign memory, and is the only room that imports {@code
 * jdk.incubator.vector}. <b>Does not know</b> metrics, ordinals, slabs or graphs.
 *
 * <p><b>Start at</b> {@link io.arbalest.simd.HalfDot}, then {@link io.arbalest.simd.HalfCodec} for
 * how vectors are stored.
 *
 * <p><b>Threads:</b> none; everything is stateless or immutable.
 *
 * <p><b>Owns</b> nothing.
 */
@NullMarked
package io.arbalest.simd;

import org.jspecify.annotations.NullMarked;
