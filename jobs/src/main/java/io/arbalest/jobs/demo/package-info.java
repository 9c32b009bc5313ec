/**
 * The demo: real processes, real data, the main job from a Kafka topic to search results, watched
 * and checked from outside.
 *
 * <p><b>Knows</b> the runners of {@code jobs.local}, the client, the embedding and Kafka's clients.
 * <b>Does not know</b> anything that a user of the cluster could not know: it measures through the
 * public client only and computes the truth from its own input.
 *
 * <p><b>Start at</b> {@link io.arbalest.jobs.demo.DemoCommand} (options), {@link
 * io.arbalest.jobs.demo.Demo} (the steps), {@link io.arbalest.jobs.demo.FinalChecks} (what must
 * hold at the end).
 *
 * <p><b>Threads:</b> the main thread runs the steps and draws; a thread each replays, probes
 * freshness, reads dead letters and asks example searches. They share {@link
 * io.arbalest.jobs.demo.Ledger} and {@link io.arbalest.jobs.demo.Screen}.
 *
 * <p><b>Owns</b> the child processes, the data directory and {@code cluster.json} while it runs.
 */
@NullMarked
package io.arbalest.jobs.demo;

import org.jspecify.annotations.NullMarked;
