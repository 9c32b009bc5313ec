/**
 * The command line: one process, one command, one answer. Tables for people, JSON with stable names
 * for scripts, coded one-line errors and documented exit codes for both.
 *
 * <p><b>Knows</b> the client, the embedding of texts, {@code cluster.json} and the terminal.
 * <b>Does not know</b> Flight, Arrow, Flink or how a node works.
 *
 * <p><b>Start at</b> {@link io.arbalest.cli.ArbalestCommand} (the tree of commands), {@link
 * io.arbalest.cli.ClusterCommand} (what every command that talks to a cluster shares), {@link
 * io.arbalest.cli.ErrorLine} (errors and exit codes).
 *
 * <p><b>Threads:</b> everything runs on the main thread, except the callbacks of a writer.
 *
 * <p><b>Owns</b> the client connection for the time of one command.
 */
@NullMarked
package io.arbalest.cli;

import org.jspecify.annotations.NullMarked;
