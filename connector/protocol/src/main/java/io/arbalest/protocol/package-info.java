/**
 * The wire form of the vocabulary: Arrow schemas, Flight descriptors and tickets, protobuf bodies,
 * key hashes and the text of filters. Client and server both use these classes, so that the two
 * ends cannot disagree.
 *
 * <p><b>Knows</b> model, Arrow, Flight's types, protobuf and the filter grammar. <b>Does not
 * know</b> sockets, retries, who owns a shard or how a row is stored.
 *
 * <p><b>Start at</b> {@link io.arbalest.protocol.Descriptors}, {@link
 * io.arbalest.protocol.PutSchema}, {@link io.arbalest.protocol.ResultSchema}, {@link
 * io.arbalest.protocol.FilterText}, {@link io.arbalest.protocol.FlightErrors}.
 *
 * <p><b>Threads:</b> codecs have no state; what wraps an Arrow vector is confined to the thread
 * that owns the vector.
 *
 * <p><b>Owns</b> the formats in {@code src/test/resources/golden}.
 */
@NullMarked
package io.arbalest.protocol;

import org.jspecify.annotations.NullMarked;
