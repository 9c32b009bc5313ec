/**
 * The ingestion job: a Kafka topic into a collection, embedding on the way if asked, with a
 * dead-letter topic.
 *
 * <p><b>Knows</b> Flink, Kafka, JSON, the Flink connector, the embedder. <b>Does not know</b> the
 * index service beyond the client.
 *
 * <p><b>Start at</b> {@link io.arbalest.jobs.IngestionJob}, {@link
 * io.arbalest.jobs.IngestionConfig}, {@link io.arbalest.jobs.RecordDecoder}.
 *
 * <p><b>Threads:</b> Flink's task threads; what they share (the configuration, an embedder) is
 * immutable.
 *
 * <p><b>Owns</b> the Kafka and Arbalest connections of a running job, through Flink.
 */
@NullMarked
package io.arbalest.jobs;

import org.jspecify.annotations.NullMarked;
