package io.arbalest.engine;

import io.arbalest.common.Clock;
import io.arbalest.common.CrashPoints;
import io.arbalest.common.Metrics;
import io.arbalest.common.Scheduler;
import io.arbalest.io.Disk;

import java.util.random.RandomGenerator;

/**
 * Everything outside that a shard touches. Production hands in the machine's; a simulation hands in
 * its own and runs the same code on one thread.
 *
 * @param random seeds what need not be reproducible across restarts; graph levels come from the
 *     collection's incarnation instead
 * @param crashPoints told at the named moments between two steps of a change on disk
 * @param transport carries raw log bytes to replicas
 */
public record Env(
        Clock clock,
        Scheduler scheduler,
        RandomGenerator random,
        Disk disk,
        ReplicaTransport transport,
        StoreFactory stores,
        Metrics metrics,
        CrashPoints crashPoints) {
    /** Without crash points. */
    public Env(
            Clock clock,
            Scheduler scheduler,
            RandomGenerator random,
            Disk disk,
            ReplicaTransport transport,
            StoreFactory stores,
            Metrics metrics) {
        this(clock, scheduler, random, disk, transport, stores, metrics, CrashPoints.NONE);
    }
}
