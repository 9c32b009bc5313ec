package io.arbalest.benchmarks.data;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;

/** Where the nearest rows of each query are known from; add it with picocli's {@code @Mixin}. */
public final class TruthOption {
    @Option(
            names = "--truth",
            paramLabel = "FILE",
            description =
                    "ivecs or ivecs.gz: the nearest rows of each query, at least as many as are"
                            + " asked for; default: computed")
    @Nullable Path truth;

    /**
     * The nearest rows of each query, best first, at least {@code k} of them; computed exactly if
     * there is no file.
     *
     * @throws io.arbalest.model.ArbalestException if the file has too few
     */
    public int[][] nearest(
            RowReader points, float[][] queries, Metric metric, int k, BenchConsole console)
            throws IOException {
        Path given = truth;
        if (given == null) {
            console.say("comparing %d queries with %d rows", queries.length, points.rows());
            int threads = Runtime.getRuntime().availableProcessors();
            return ExactTruth.of(queries, points, metric, k, threads);
        }
        int[][] nearest = VectorFile.ints(given, queries.length);
        int known = nearest.length == 0 ? 0 : nearest[0].length;
        if (nearest.length < queries.length || known < k) {
            throw BenchErrors.badFile(
                    given.toString(),
                    nearest.length + " rows of " + known,
                    queries.length + " rows of at least " + k);
        }
        return nearest;
    }
}
