package io.arbalest.benchmarks.data;

import io.arbalest.model.Metric;

import picocli.CommandLine.Option;

import java.nio.file.Path;

/** Options that say what data is measured; add it with picocli's {@code @Mixin}. */
public final class DataSetOptions {
    @Option(
            names = "--base",
            required = true,
            paramLabel = "FILE",
            description = "points, fvecs or fvecs.gz")
    Path base = Path.of("");

    @Option(
            names = "--query",
            required = true,
            paramLabel = "FILE",
            description = "queries, fvecs or fvecs.gz")
    Path query = Path.of("");

    @Option(
            names = "--metric",
            required = true,
            paramLabel = "METRIC",
            description = "l2, ip or cosine")
    String metric = "l2";

    /** The file of the points. */
    public Path base() {
        return base;
    }

    /** The file of the queries. */
    public Path query() {
        return query;
    }

    /**
     * How vectors are compared.
     *
     * @throws io.arbalest.model.ArbalestException if the name is none of a metric
     */
    public Metric metric() {
        return Metric.ofLabel(metric);
    }
}
