/**
 * Arrow Flight in front of the engine: turns calls into engine calls and Arrow buffers into memory
 * segments, and the answers back.
 *
 * <p><b>Knows</b> Arrow, Flight, the protocol, the engine's interfaces, and the client, with which
 * a node forwards rows and fans searches out to the nodes that own the shards. The only room of the
 * service that imports Arrow. <b>Does not know</b> who decides the shard map (it is handed a {@link
 * io.arbalest.engine.ClusterCatalog}), files, graphs or logs. No business rule lives here: what a
 * row may be is decided in engine.
 *
 * <p><b>Start at</b> {@link io.arbalest.flight.FlightService}, {@code ArbalestProducer}, then
 * {@code PutCall} for a write and {@code ReadExecutor} for a search.
 *
 * <p><b>Threads:</b> Flight gives every call a thread; it reads the call's stream and nothing else.
 * {@code flight-read} searches this node's shards; {@code flight-wait} serves requests that wait
 * for other nodes or for a token. Acknowledgements of writes are sent from the shards' threads.
 *
 * <p><b>Owns</b> Arrow memory: one allocator, a child for every call, closed at zero.
 */
@NullMarked
package io.arbalest.flight;

import org.jspecify.annotations.NullMarked;
