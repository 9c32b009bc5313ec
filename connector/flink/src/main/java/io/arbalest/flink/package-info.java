/**
 * The Flink connector: a sink that writes points into a collection, and the letter in which a job
 * keeps what the collection would refuse ({@link io.arbalest.client.PointCheck} tells it before the
 * sink).
 *
 * <p><b>Knows</b> Flink's Sink V2 and metrics, and the client. <b>Does not know</b> Kafka, Arrow,
 * embeddings, or how the index service stores anything.
 *
 * <p><b>Start at</b> {@link io.arbalest.flink.ArbalestSink}, {@link
 * io.arbalest.flink.PointSerializer}, {@link io.arbalest.flink.DeadLetter}.
 *
 * <p><b>Threads:</b> a writer is confined to its task's thread; the client's threads only answer
 * it.
 *
 * <p><b>Owns</b> one client connection for each subtask of the sink; no state: what is not
 * acknowledged at a checkpoint is waited for, never saved.
 */
@NullMarked
package io.arbalest.flink;

import org.jspecify.annotations.NullMarked;
