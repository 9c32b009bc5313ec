package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.filters.FilterBench.Row;
import io.arbalest.benchmarks.report.RecallCurve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run comes to, a line a filter: recall, time beside no filter, the planner's choice beside
 * the best plan, and how many times the peer's throughput at equal recall that is.
 *
 * <p>Throughput is one thread's: one by the mean time of a query. The peer's at a recall is read
 * from its points as {@link RecallCurve} does; if all of them have more recall, the fastest counts,
 * if all have less, nothing is said.
 *
 * <p>Confined to one thread.
 */
final class FilterSummary {
    /** A plan that finds less than this below the planner's choice is not one to compare with. */
    private static final double SAME_RECALL = 0.01;

    private final Map<String, List<Row>> byFilter = new LinkedHashMap<>();

    void add(Row row) {
        String filter =
                String.format(
                        Locale.ROOT,
                        "%s %% %s",
                        row.selectivity(),
                        row.correlated() ? "correlated" : "random");
        byFilter.computeIfAbsent(filter, _ -> new ArrayList<>()).add(row);
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        byFilter.forEach((filter, rows) ->
                rows.stream()
                        .filter(row -> row.plan().equals("auto"))
                        .findFirst()
                        .ifPresent(auto -> lines.add(line(filter, auto, rows))));
        return lines;
    }

    private static String line(String filter, Row auto, List<Row> rows) {
        double best = Double.POSITIVE_INFINITY;
        RecallCurve peer = new RecallCurve();
        double slowest = 0;
        double least = 2;
        for (Row row : rows) {
            if (row.plan().equals("lucene")) {
                peer.add(row.recall(), 1e6 / row.mean());
                least = Math.min(least, row.recall());
                slowest = Math.max(slowest, row.recall());
            } else if (row.recall() >= auto.recall() - SAME_RECALL) {
                best = Math.min(best, row.mean());
            }
        }
        double peerQps = peer.qpsAt(Math.max(auto.recall(), least));
        return String.format(
                Locale.ROOT,
                "%-18s recall %.3f, p99 %.2f x unfiltered, mean %.2f x the best plan%s",
                filter,
                auto.recall(),
                auto.p99() / auto.unfilteredP99(),
                auto.mean() / best,
                slowest == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                ", %.2f x lucene at equal recall%s",
                                1e6 / auto.mean() / peerQps,
                                auto.recall() > slowest
                                        ? " (it reaches only " + round(slowest) + ")"
                                        : ""));
    }

    private static String round(double recall) {
        return String.format(Locale.ROOT, "%.3f", recall);
    }
}
