/**
 * The vocabulary of Arbalest: what a point, a key, a version, a collection, a shard, a filter and
 * an error are.
 *
 * <p><b>Knows</b> only the JDK. <b>Does not know</b> Arrow, Flink, files, sockets or threads.
 * Everyone may import it; it imports nobody.
 *
 * <p><b>Start at</b> {@link io.arbalest.model.CollectionDefinition}, {@link
 * io.arbalest.model.PointKey}, {@link io.arbalest.model.Version}, {@link
 * io.arbalest.model.ErrorCode}.
 *
 * <p><b>Threads:</b> every type here is immutable unless its Javadoc says otherwise.
 */
@NullMarked
package io.arbalest.model;

import org.jspecify.annotations.NullMarked;
