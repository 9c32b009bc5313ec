/**
 * The whole house under test: real Kafka brokers, a real Flink, index-service nodes as separate
 * processes.
 *
 * <p><b>Knows</b> jobs, client, model and how to start processes. <b>Does not know</b> any class of
 * the index service: a node is a child process, which is what makes its {@code kill -9} honest.
 *
 * <p><b>Start at</b> {@code IngestionSurvivesKillsITCase}.
 */
@NullMarked
package io.arbalest.it;

import org.jspecify.annotations.NullMarked;
