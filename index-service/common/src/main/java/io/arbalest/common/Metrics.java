package io.arbalest.common;

import java.util.function.DoubleSupplier;

/**
 * The seam for metrics: rooms resolve their handles once, in constructors, and never per call.
 * Names follow Prometheus: {@code arbalest_<room>_<what>_<unit>}; counters end in {@code _total}.
 *
 * <p>Thread-safe. {@code labels} are alternating names and values.
 */
public interface Metrics {
    Counter counter(String name, String help, String... labels);

    Histogram histogram(String name, String help, String... labels);

    /**
     * The supplier is called at every scrape, from any thread. A second gauge with the same name
     * and labels replaces the first.
     */
    void gauge(String name, String help, DoubleSupplier value, String... labels);

    /** Removes all series that carry this label value, for example those of a dropped shard. */
    void remove(String label, String value);

    /** A count that only grows. */
    interface Counter {
        void add(long amount);
    }

    /** A distribution; the unit is in the metric's name. */
    interface Histogram {
        void observe(double value);
    }

    /** Takes everything and keeps nothing. */
    Metrics NONE =
            new Metrics() {
                @Override
                public Counter counter(String name, String help, String... labels) {
                    return amount -> {};
                }

                @Override
                public Histogram histogram(String name, String help, String... labels) {
                    return value -> {};
                }

                @Override
                public void gauge(
                        String name, String help, DoubleSupplier value, String... labels) {}

                @Override
                public void remove(String label, String value) {}
            };
}
