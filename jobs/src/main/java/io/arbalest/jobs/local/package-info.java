/**
 * Real processes on one machine, for the demo and the end-to-end tests: a Kafka broker, index
 * nodes, and a Flink runtime, each in its own JVM so that it can be killed for real.
 *
 * <p><b>Knows</b> command lines, ports, log files and lines of readiness. <b>Does not know</b> what
 * flows through the processes; it imports nothing of the index service and meets it as a child
 * process only.
 *
 * <p><b>Start at</b> {@link io.arbalest.jobs.local.KafkaBroker}, {@link
 * io.arbalest.jobs.local.NodeProcess}, {@link io.arbalest.jobs.local.FlinkRuntime}.
 *
 * <p><b>Threads:</b> each runner is confined to its caller; a daemon thread a child copies the
 * child's standard output to its log.
 *
 * <p><b>Owns</b> the class-data archive of nodes, beside the server's jar, and child processes.
 * They die with this JVM: by a shutdown hook, and, should it be killed, because every child ends
 * when its standard input ends ({@link io.arbalest.jobs.local.ParentWatch}).
 */
@NullMarked
package io.arbalest.jobs.local;

import org.jspecify.annotations.NullMarked;
