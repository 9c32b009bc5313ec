package io.arbalest.benchmarks.wal;

import io.arbalest.common.Metrics;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/** Keeps the counters, which a benchmark reads. Thread-safe. */
final class CountingMetrics implements Metrics {
    private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();

    long count(String name) {
        return counters.computeIfAbsent(name, _ -> new LongAdder()).sum();
    }

    @Override
    public Counter counter(String name, String help, String... labels) {
        LongAdder adder = counters.computeIfAbsent(name, _ -> new LongAdder());
        return adder::add;
    }

    @Override
    public Histogram histogram(String name, String help, String... labels) {
        return value -> {};
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {}

    @Override
    public void remove(String label, String value) {}
}
