package io.arbalest.jobs.demo;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Rows a second over the last few seconds.
 *
 * <p>Confined to one thread.
 */
final class RateMeter {
    private static final double WINDOW_SECONDS = 4;

    private final Deque<double[]> readings = new ArrayDeque<>();

    /** Notes how many there are by now; returns how many came in each of the last seconds. */
    double rate(long total) {
        double now = System.nanoTime() / 1e9;
        readings.add(new double[] {now, total});
        while (readings.size() > 2 && now - readings.element()[0] > WINDOW_SECONDS) {
            readings.remove();
        }
        double[] oldest = readings.element();
        double seconds = now - oldest[0];
        return seconds == 0 ? 0 : Math.max(0, (total - oldest[1]) / seconds);
    }
}
