/**
 * The node: main, configuration, wiring, health, metrics. Puts the other rooms together and holds
 * no rule of its own.
 *
 * <p><b>Knows</b> every room of the service, Prometheus' simpleclient, YAML. <b>Does not know</b>
 * Arrow, Ratis or RocksDB themselves. Nobody imports it.
 *
 * <p><b>Start at</b> {@link io.arbalest.server.ArbalestNode}, {@code Node} (what is started in
 * which order, and closed in the reverse), {@code ConfigKey}.
 *
 * <p><b>Threads:</b> {@code main} starts the node and waits; {@code http} answers probes; {@code
 * startup} lets slow libraries load side by side. The shutdown hook closes the node.
 *
 * <p><b>Owns</b> the process: its ports, its data directory's lock, its exit code.
 */
@NullMarked
package io.arbalest.server;

import org.jspecify.annotations.NullMarked;
