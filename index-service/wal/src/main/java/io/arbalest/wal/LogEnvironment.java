package io.arbalest.wal;

import io.arbalest.common.Clock;
import io.arbalest.common.CrashPoints;
import io.arbalest.common.Metrics;
import io.arbalest.common.Scheduler;
import io.arbalest.io.Disk;

import java.util.List;

/**
 * What a log uses of the world outside.
 *
 * <p>Immutable.
 *
 * @param labels of every metric of this log: alternating names and values
 * @param crashPoints told at the named moments between two steps with the log's files
 */
public record LogEnvironment(
        Disk disk,
        Scheduler scheduler,
        Clock clock,
        Metrics metrics,
        List<String> labels,
        CrashPoints crashPoints) {
    public LogEnvironment {
        labels = List.copyOf(labels);
    }

    /** In production, where no process ends at a named moment. */
    public LogEnvironment(
            Disk disk, Scheduler scheduler, Clock clock, Metrics metrics, List<String> labels) {
        this(disk, scheduler, clock, metrics, labels, CrashPoints.NONE);
    }
}
