/**
 * The packed graph of a sealed segment: nodes in an order that keeps neighbours close, neighbour
 * lists without gaps, binary16 vectors, compact codes, and the search over them.
 *
 * <p><b>Knows</b> the growing graph and its vectors, which it packs, simd and common. <b>Does not
 * know</b> files: it writes into and reads from memory segments that it is given, mapped or not,
 * and never closes them.
 *
 * <p><b>Start at</b> {@link io.arbalest.hnsw.sealed.SealedGraphFormat}, then {@link
 * io.arbalest.hnsw.sealed.SealedGraphPacker}, {@link io.arbalest.hnsw.sealed.SealedGraph} and
 * {@link io.arbalest.hnsw.sealed.SealedSearcher}.
 *
 * <p>A growing graph may link by such codes before it is packed: {@link
 * io.arbalest.hnsw.sealed.GrowingCodes}. Codes are scored by {@link
 * io.arbalest.hnsw.sealed.VnniScores} where the processor can, else with the Vector API, with the
 * same results. Packed graphs become one by {@link io.arbalest.hnsw.sealed.SealedMerge}. Vectors
 * may lie on a disk: {@link io.arbalest.hnsw.sealed.RowsAhead}.
 *
 * <p><b>Threads:</b> none of its own. A packed graph never changes; any number of threads search
 * it, each with a searcher of its own.
 *
 * <p><b>Owns</b> nothing but scratch, and the codes of graphs that grow until these are closed.
 *
 * <p><b>Sources:</b> HNSW, arXiv 1603.09320; RaBitQ, arXiv 2405.12497; SymphonyQG, arXiv
 * 2411.12229; four bits an element of what is left without the mean, arXiv 2304.04759; graph
 * reordering, arXiv 2104.03221.
 */
@NullMarked
package io.arbalest.hnsw.sealed;

import org.jspecify.annotations.NullMarked;
