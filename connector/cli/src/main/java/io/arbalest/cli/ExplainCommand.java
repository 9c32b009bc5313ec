package io.arbalest.cli;

import io.arbalest.client.PlanReport;
import io.arbalest.client.SearchResult;

import picocli.CommandLine.Command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code arbalest explain}: a search, and how each segment answered it. */
@Command(
        name = "explain",
        description = "Search, and say how each segment was searched.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest explain --text \"chess game\" --filter \"installed_kb <= 500\"",
            "",
            "PLAN is exact (every matching row scored), walk (the graph, among matching rows) or"
                    + " post (the whole graph). MATCHING is the estimate, VISITED what walks went"
                    + " through, SCORED and SCANNED distances in graph and one by one, FALLBACKS"
                    + " walks that were answered exactly after all. Times in microseconds."
        })
final class ExplainCommand extends SearchCommand {
    ExplainCommand(Shell shell) {
        super(shell);
    }

    @Override
    boolean explains() {
        return true;
    }

    @Override
    void explain(SearchResult result) {
        TextTable table =
                new TextTable(
                        List.of(
                                "SHARD",
                                "SEGMENT",
                                "PLAN",
                                "CODES",
                                "ROWS",
                                "MATCHING",
                                "VISITED",
                                "SCORED",
                                "SCANNED",
                                "FALLBACKS",
                                "FILTER",
                                "SEARCH"));
        for (PlanReport plan : result.plans()) {
            table.row(
                    List.of(
                            plan.shard(),
                            plan.segment(),
                            plan.plan(),
                            plan.codes().isEmpty() ? "-" : plan.codes(),
                            plan.rows(),
                            plan.matching(),
                            plan.visited(),
                            plan.scored(),
                            plan.scanned(),
                            plan.fallbacks(),
                            micros(plan.filterNanos()),
                            micros(plan.searchNanos())));
        }
        shell.out().println();
        printTable(table);
    }

    private static String micros(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / 1e3);
    }

    static Map<String, Object> document(PlanReport plan) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("shard", plan.shard());
        entry.put("segment", plan.segment());
        entry.put("plan", plan.plan());
        entry.put("codes", plan.codes());
        entry.put("rows", plan.rows());
        entry.put("linked", plan.linked());
        entry.put("matching", plan.matching());
        entry.put("visited", plan.visited());
        entry.put("scored", plan.scored());
        entry.put("scanned", plan.scanned());
        entry.put("fallbacks", plan.fallbacks());
        entry.put("filterMicros", plan.filterNanos() / 1e3);
        entry.put("searchMicros", plan.searchNanos() / 1e3);
        return entry;
    }
}
