package io.arbalest.engine;

import io.arbalest.common.Metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/** Counters by name. Thread-safe. */
final class Counters implements Metrics {
    private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

    long value(String name) {
        LongAdder count = counts.get(name);
        return count == null ? 0 : count.sum();
    }

    @Override
    public Counter counter(String name, String help, String... labels) {
        return counts.computeIfAbsent(name, _ -> new LongAdder())::add;
    }

    @Override
    public Histogram histogram(String name, String help, String... labels) {
        return _ -> {};
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {}

    @Override
    public void remove(String label, String value) {}
}
