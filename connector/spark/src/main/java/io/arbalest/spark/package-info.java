/**
 * The Spark connector. Nothing of it is written yet: this room holds the place, the artifact name
 * and the walls.
 *
 * <p>What will live here: a DataSource V2 with the short name {@code arbalest} that writes batches
 * and micro-batches (one idempotent commit for each epoch), and a batch read with filter push-down.
 *
 * <p><b>Knows</b> (when it exists) Spark's {@code connector} API, client and model. <b>Does not
 * know</b> Flink, Kafka, Flight's wire form or anything of the index service. Until then it depends
 * on no Spark artifact and offers no class.
 *
 * <p><b>Start at</b> {@link io.arbalest.client.ArbalestClient}: any Spark job can use it in {@code
 * mapPartitions} today.
 *
 * <p><b>Threads:</b> none. <b>Owns</b> nothing.
 */
@NullMarked
package io.arbalest.spark;

import org.jspecify.annotations.NullMarked;
