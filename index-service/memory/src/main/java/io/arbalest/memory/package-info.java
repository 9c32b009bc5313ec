/**
 * Memory outside the heap: slabs with slots of one size, the budget that all of them share, and
 * what the processor is told of memory that is read next.
 *
 * <p><b>Knows</b> common, io, model and the foreign memory API. <b>Does not know</b> what the slots
 * hold: vectors, graphs and files are other rooms' business.
 *
 * <p><b>Start at</b> {@link io.arbalest.memory.SlabArena}, {@link io.arbalest.memory.Prefetch}.
 *
 * <p><b>Threads:</b> none of its own. A slab arena grows on one thread at a time and is read by
 * many.
 *
 * <p><b>Owns</b> the slabs it allocated, until its owner closes it.
 */
@NullMarked
package io.arbalest.memory;

import org.jspecify.annotations.NullMarked;
