package io.arbalest.server;

import io.arbalest.common.Metrics;
import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;

import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;

/**
 * The seam for metrics over Prometheus' simpleclient. A name keeps the label names with which it
 * was first registered.
 *
 * <p>Thread-safe.
 */
final class PrometheusMetrics implements Metrics {
    private static final double[] SECONDS = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
        10, 30
    };
    private static final double[] POWERS_OF_FOUR = {
        1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216
    };

    private final CollectorRegistry registry = new CollectorRegistry();
    private final Map<String, Family<io.prometheus.client.Counter>> counters =
            new ConcurrentHashMap<>();
    private final Map<String, Family<io.prometheus.client.Histogram>> histograms =
            new ConcurrentHashMap<>();
    private final Map<String, Gauges> gauges = new ConcurrentHashMap<>();

    /** With the JVM's own metrics. */
    static PrometheusMetrics withHotspotExports() {
        PrometheusMetrics metrics = new PrometheusMetrics();
        DefaultExports.register(metrics.registry);
        return metrics;
    }

    @Override
    public Counter counter(String name, String help, String... labels) {
        Family<io.prometheus.client.Counter> family =
                counters.computeIfAbsent(
                        name,
                        _ ->
                                new Family<>(
                                        io.prometheus.client.Counter.build(name, help)
                                                .labelNames(names(labels))
                                                .register(registry),
                                        List.of(names(labels))));
        io.prometheus.client.Counter.Child child =
                family.collector().labels(family.values(name, labels));
        return amount -> child.inc((double) amount);
    }

    @Override
    public Histogram histogram(String name, String help, String... labels) {
        Family<io.prometheus.client.Histogram> family =
                histograms.computeIfAbsent(
                        name,
                        _ ->
                                new Family<>(
                                        io.prometheus.client.Histogram.build(name, help)
                                                .labelNames(names(labels))
                                                .buckets(
                                                        name.endsWith("_seconds")
                                                                ? SECONDS
                                                                : POWERS_OF_FOUR)
                                                .register(registry),
                                        List.of(names(labels))));
        io.prometheus.client.Histogram.Child child =
                family.collector().labels(family.values(name, labels));
        return child::observe;
    }

    @Override
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {
        gauges.computeIfAbsent(
                        name,
                        _ -> new Gauges(name, help, List.of(names(labels))).register(registry))
                .put(List.of(values(labels)), value);
    }

    @Override
    public void remove(String label, String value) {
        counters.values().forEach(family -> family.remove(label, value));
        histograms.values().forEach(family -> family.remove(label, value));
        gauges.values().forEach(family -> family.remove(label, value));
    }

    /** Everything in the text format 0.0.4. */
    String scrape() throws IOException {
        StringWriter text = new StringWriter();
        TextFormat.write004(text, registry.metricFamilySamples());
        return text.toString();
    }

    private static String[] names(String... labels) {
        return every(labels, 0);
    }

    private static String[] values(String... labels) {
        return every(labels, 1);
    }

    private static String[] every(String[] labels, int offset) {
        if (labels.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "labels are names and values in turn: " + Arrays.toString(labels));
        }
        String[] picked = new String[labels.length / 2];
        for (int index = 0; index < picked.length; index++) {
            picked[index] = labels[2 * index + offset];
        }
        return picked;
    }

    /** A collector of simpleclient and the label names it was made with. */
    private record Family<C extends io.prometheus.client.SimpleCollector<?>>(
            C collector, List<String> labelNames) {
        String[] values(String name, String... labels) {
            if (!List.of(names(labels)).equals(labelNames)) {
                throw new IllegalArgumentException(name + " has the labels " + labelNames);
            }
            return PrometheusMetrics.values(labels);
        }

        void remove(String label, String value) {
            int position = labelNames.indexOf(label);
            if (position < 0) {
                return;
            }
            for (Collector.MetricFamilySamples family : collector.collect()) {
                for (Collector.MetricFamilySamples.Sample sample : family.samples) {
                    if (sample.labelValues.get(position).equals(value)) {
                        collector.remove(
                                sample.labelValues
                                        .subList(0, labelNames.size())
                                        .toArray(String[]::new));
                    }
                }
            }
        }
    }

    /** Gauges that are asked when they are scraped. Thread-safe. */
    private static final class Gauges extends Collector {
        private final String name;
        private final String help;
        private final List<String> labelNames;
        private final Map<List<String>, DoubleSupplier> suppliers = new ConcurrentHashMap<>();

        Gauges(String name, String help, List<String> labelNames) {
            this.name = name;
            this.help = help;
            this.labelNames = labelNames;
        }

        void put(List<String> labelValues, DoubleSupplier value) {
            suppliers.put(labelValues, value);
        }

        void remove(String label, String value) {
            int position = labelNames.indexOf(label);
            if (position >= 0) {
                suppliers.keySet().removeIf(labelValues -> labelValues.get(position).equals(value));
            }
        }

        @Override
        public List<MetricFamilySamples> collect() {
            List<MetricFamilySamples.Sample> samples = new ArrayList<>();
            suppliers.forEach((labelValues, value) ->
                    samples.add(
                            new MetricFamilySamples.Sample(
                                    name, labelNames, labelValues, ask(value))));
            return List.of(new MetricFamilySamples(name, Type.GAUGE, help, samples));
        }

        /** A gauge whose owner is gone must not cost the others their scrape. */
        private static double ask(DoubleSupplier value) {
            try {
                return value.getAsDouble();
            } catch (RuntimeException e) {
                return Double.NaN;
            }
        }
    }
}
