package io.arbalest.wal;

import io.arbalest.common.Clock;
import io.arbalest.common.CrashPoints;
import io.arbalest.common.Metrics;
import io.arbalest.common.Scheduler;
import io.arbalest.io.Disk;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What a log uses of the world outside.
 *
 * <p>Immutable.
 *
 * @param random tells the uses of a file apart
 * @param labels of every metric of this log: alternating names and values
 * @param crashPoints told at the named moments between two steps with the log's files
 */
public record LogEnvironment(
        Disk disk,
        Scheduler scheduler,
        Clock clock,
        RandomGenerator random,
        Metrics metrics,
        List<String> labels,
        CrashPoints crashPoints) {
    public LogEnvironment {
        labels = List.copyOf(labels);
    }

    /** In production, where no process ends at a named moment. */
    public LogEnvironment(
            Disk disk,
            Scheduler scheduler,
            Clock clock,
            RandomGenerator random,
            Metrics metrics,
            List<String> labels) {
        this(disk, scheduler, clock, random, metrics, labels, CrashPoints.NONE);
    }
}
