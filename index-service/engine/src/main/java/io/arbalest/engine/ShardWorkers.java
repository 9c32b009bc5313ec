package io.arbalest.engine;

import java.util.concurrent.Executor;

/**
 * The executors that all shards of a node share.
 *
 * @param indexer links rows into graphs
 * @param merger seals and merges segments
 */
record ShardWorkers(Executor indexer, Executor merger) {}
