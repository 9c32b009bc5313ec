/**
 * The graph over the vectors of one segment: binary16 storage by ordinal, building with several
 * threads while others search, and exact scans with the same kernels.
 *
 * <p><b>Knows</b> memory, simd, common, {@link io.arbalest.model.Metric} and, of io, instructions
 * of the processor. <b>Does not know</b> point ids, versions, deletes, filters or files: a caller
 * hands in an {@link io.arbalest.common.OrdinalSet} of the rows that may be returned.
 *
 * <p><b>Start at</b> {@link io.arbalest.hnsw.VectorTable}, then {@link
 * io.arbalest.hnsw.GrowingGraph} and {@link io.arbalest.hnsw.GraphSearcher}.
 *
 * <p><b>Threads:</b> none of its own. One thread writes vectors, several link, any number search;
 * nobody waits for a reader. Those who link wait once in a graph's life, while its points get codes
 * to link by ({@link io.arbalest.hnsw.CandidateCodes}). A graph can start from the live part of
 * another: {@link io.arbalest.hnsw.GrowingGraph#load}.
 *
 * <p><b>Owns</b> the slabs of its vector tables and of its graphs' links and codes, until they are
 * closed.
 */
@NullMarked
package io.arbalest.hnsw;

import org.jspecify.annotations.NullMarked;
