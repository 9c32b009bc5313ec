/**
 * Data sets: files in the fvecs form, read and written.
 *
 * <p><b>Knows</b> model. <b>Start at</b> {@link io.arbalest.benchmarks.data.VectorFile}.
 *
 * <p><b>Threads:</b> none. <b>Owns</b> the files it has open.
 */
@NullMarked
package io.arbalest.benchmarks.data;

import org.jspecify.annotations.NullMarked;
