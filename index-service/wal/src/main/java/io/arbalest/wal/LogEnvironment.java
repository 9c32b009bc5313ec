package io.arbalest.wal;

import io.arbalest.common.Clock;
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
 */
public record LogEnvironment(
        Disk disk, Scheduler scheduler, Clock clock, Metrics metrics, List<String> labels) {
    public LogEnvironment {
        labels = List.copyOf(labels);
    }
}
