/**
 * Text to vector, on the spot and without a service: the mean of word vectors, centred, as used by
 * the demo, the ingestion job and the command line.
 *
 * <p><b>Knows</b> three files (words, their vectors, the model's constants), gzip and JSON. <b>Does
 * not know</b> Flink, Kafka, collections, or what a record looks like: whoever has a record
 * composes its text.
 *
 * <p><b>Start at</b> {@link io.arbalest.embedding.WordVectorEmbedder}.
 *
 * <p><b>Threads:</b> an embedder is immutable and shared.
 *
 * <p><b>Owns</b> about 18 MiB of heap for each model that is loaded.
 */
@NullMarked
package io.arbalest.embedding;

import org.jspecify.annotations.NullMarked;
