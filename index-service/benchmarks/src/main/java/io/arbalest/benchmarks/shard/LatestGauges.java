package io.arbalest.benchmarks.shard;

import io.arbalest.common.Metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;

/** Keeps gauges by their name and nothing else. Thread-safe. */
final class LatestGauges implements Metrics {
    private final Map<String, DoubleSupplier> gauges = new ConcurrentHashMap<>();

    @Override
    public Counter counter(String name, String help, String... labels) {
        return amount -> {};
    }

    @Override
    public Histogram histogram(String name, String help, String... labels) {
        return value -> {};
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {
        gauges.put(name, value);
    }

    @Override
    public void remove(String label, String value) {}

    double value(String name) {
        DoubleSupplier gauge = gauges.get(name);
        if (gauge == null) {
            throw new IllegalArgumentException("no gauge " + name + " among " + gauges.keySet());
        }
        return gauge.getAsDouble();
    }
}
