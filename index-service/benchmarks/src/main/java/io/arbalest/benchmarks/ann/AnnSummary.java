package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.report.RecallCurve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Throughput of all systems of a data set at fixed recalls, and its ratio to hnswlib's.
 *
 * <p>Confined to one thread.
 */
final class AnnSummary {
    /** The recalls that systems are compared at. */
    static final double[] RECALLS = {0.90, 0.95, 0.99};

    /** What all are compared with. */
    static final String REFERENCE = "hnswlib";

    private final Map<String, Map<String, Totals>> datasets = new LinkedHashMap<>();

    /**
     * One system on one data set.
     *
     * @param curve throughput against recall
     * @param buildSeconds CPU
     * @param bytes of the index, per vector
     */
    record Totals(RecallCurve curve, double buildSeconds, double bytes) {}

    /** Adds a row of results. */
    void add(String dataset, String system, Totals costs, double recall, double qps) {
        datasets.computeIfAbsent(dataset, _ -> new LinkedHashMap<>())
                .computeIfAbsent(system, _ -> costs)
                .curve()
                .add(recall, qps);
    }

    /** Names of the data sets. */
    List<String> datasets() {
        return List.copyOf(datasets.keySet());
    }

    /** Systems of a data set. */
    Map<String, Totals> systems(String dataset) {
        return datasets.getOrDefault(dataset, Map.of());
    }

    /** Ratio to the reference at a recall; NaN if either does not reach it or there is none. */
    double ratio(String dataset, String system, double recall) {
        Totals reference = systems(dataset).get(REFERENCE);
        Totals totals = systems(dataset).get(system);
        return reference == null || totals == null
                ? Double.NaN
                : totals.curve().qpsAt(recall) / reference.curve().qpsAt(recall);
    }

    /** The table for a person to read. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        datasets.forEach((dataset, systems) -> {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "%-18s %29s   %20s %9s %7s",
                            dataset,
                            "QPS at recall .90   .95   .99",
                            "x hnswlib",
                            "build s",
                            "B/vec"));
            systems.forEach((system, totals) -> {
                StringBuilder line =
                        new StringBuilder(String.format(Locale.ROOT, "%-18s ", system));
                for (double recall : RECALLS) {
                    line.append(
                            String.format(
                                    Locale.ROOT, "%9s ", figure(totals.curve().qpsAt(recall), 0)));
                }
                line.append("  ");
                for (double recall : RECALLS) {
                    line.append(
                            String.format(
                                    Locale.ROOT,
                                    "%6s ",
                                    figure(ratio(dataset, system, recall), 2)));
                }
                lines.add(
                        line
                                + String.format(
                                        Locale.ROOT,
                                        "%8.1f %7.0f",
                                        totals.buildSeconds(),
                                        totals.bytes()));
            });
        });
        return lines;
    }

    private static String figure(double value, int decimals) {
        return Double.isFinite(value)
                ? String.format(Locale.ROOT, "%." + decimals + "f", value)
                : "-";
    }
}
