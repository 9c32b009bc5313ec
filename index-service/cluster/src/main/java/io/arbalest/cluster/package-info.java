/**
 * Who is in the cluster, which collections there are and who owns which shard: a small replicated
 * state machine on Apache Ratis. Holds decisions only; no row of a user ever passes through here.
 *
 * <p><b>Knows</b> engine's {@link io.arbalest.engine.ClusterCatalog}, io (to publish a snapshot),
 * common, model, protobuf and Ratis. <b>Does not know</b> how a shard stores or serves anything,
 * Arrow or Flight.
 *
 * <p><b>Start at</b> {@link io.arbalest.cluster.MetadataState} (every decision, without Ratis),
 * then {@link io.arbalest.cluster.RatisCatalog} and {@code metadata.proto} (what lies in log and
 * snapshot).
 *
 * <p><b>Threads:</b> {@code catalog} (delivers images, completes futures, sends proposals); Ratis'
 * own threads end in {@link io.arbalest.cluster.CatalogStateMachine}.
 *
 * <p><b>Owns</b> the directory of the metadata group and its port.
 */
@NullMarked
package io.arbalest.cluster;

import org.jspecify.annotations.NullMarked;
