package io.arbalest.benchmarks.ann;

import io.arbalest.model.Metric;

import java.nio.file.Path;
import java.util.List;

/**
 * What all systems of a run are told alike.
 *
 * @param dataset name of the data set
 * @param base unpacked fvecs file of the points
 * @param query unpacked fvecs file of the queries
 * @param points rows of the base
 * @param dimension elements of every row
 * @param queries rows of the query file
 * @param metric how vectors are compared
 * @param graph parameters of the graph and of the run
 */
record AnnPlan(
        String dataset,
        Path base,
        Path query,
        int points,
        int dimension,
        int queries,
        Metric metric,
        Graph graph) {
    /** Results of a query that recall is measured on. */
    static final int K = 10;

    /**
     * Parameters of the graph and of the run.
     *
     * @param m links per point on the upper levels, twice as many on level 0
     * @param efConstruction candidates kept while a point is linked
     * @param threads that build, and that search
     */
    record Graph(int m, int efConstruction, int threads) {}

    /** The arguments of a driver, see {@link DriverProtocol}. */
    List<String> arguments(String system, String index, boolean reuse) {
        return List.of(
                "system=" + system,
                "base=" + base,
                "query=" + query,
                "metric=" + metric.label(),
                "m=" + graph.m(),
                "ef-construction=" + graph.efConstruction(),
                "threads=" + graph.threads(),
                "k=" + K,
                "index=" + index,
                "reuse=" + reuse);
    }

    /** The parameters in one word group, as results print them. */
    String parameters() {
        return "m=" + graph.m() + " efc=" + graph.efConstruction();
    }
}
