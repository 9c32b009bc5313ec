package io.arbalest.jobs.demo;

import io.arbalest.jobs.local.NodeProcess;

import java.util.Locale;

/**
 * The last page of the demo: figures, dead letters, checks, and the commands to go on with.
 *
 * <p>Confined to one thread.
 */
final class Summary {
    private static final int SHOWN_REASON = 90;
    private static final int SHOWN_KEY = 24;

    private final Settings settings;
    private final Workplace workplace;
    private final Pipeline.Running running;
    private final Screen screen;

    /** What was measured. */
    record Figures(
            Scenario scenario,
            double fillSeconds,
            double firstResultSeconds,
            FreshnessProbe.Report freshness,
            FinalChecks.Recall recall,
            Progress progress,
            DeadLetters letters) {}

    Summary(Settings settings, Workplace workplace, Pipeline.Running running, Screen screen) {
        this.settings = settings;
        this.workplace = workplace;
        this.running = running;
        this.screen = screen;
    }

    void print(Figures figures, Checks checks) {
        screen.line("");
        screen.line("Summary");
        figures(figures);
        deadLetters(figures.letters());
        checks(checks);
        if (!settings.exit()) {
            goOn();
        }
    }

    private void figures(Figures figures) {
        FreshnessProbe.Report fresh = figures.freshness();
        Progress progress = figures.progress();
        figure(
                "records",
                String.format(
                        Locale.ROOT,
                        "%,d searchable, %d updated, %d deleted again",
                        progress.live(),
                        figures.scenario().updates(),
                        figures.scenario().deletes()));
        figure(
                "first result",
                String.format(
                        Locale.ROOT,
                        "%.1f s after the first process was started",
                        figures.firstResultSeconds()));
        figure(
                "replay",
                String.format(
                        Locale.ROOT,
                        "%.1f s, %,.0f rows/s",
                        figures.fillSeconds(),
                        figures.scenario().events().size() / figures.fillSeconds()));
        figure(
                "freshness",
                String.format(
                        Locale.ROOT,
                        "p50 %d ms, p99 %d ms, worst %d ms from Kafka timestamp to an outside get"
                                + " (%,d samples)",
                        fresh.p50(),
                        fresh.p99(),
                        fresh.max(),
                        fresh.samples()));
        figure(
                "search",
                String.format(
                        Locale.ROOT,
                        "recall@10 %.4f, %s of the points scored by a query",
                        figures.recall().recall(),
                        FinalChecks.percent(figures.recall().scoredShare())));
        figure(
                "graph",
                String.format(
                        Locale.ROOT,
                        "%s linked, %d rows in the tail, %d shards, %.0f MB of log",
                        FinalChecks.percent(progress.linkedShare()),
                        progress.tail(),
                        progress.shards(),
                        progress.logBytes() / 1e6));
    }

    private void figure(String name, String text) {
        screen.line(String.format(Locale.ROOT, "  %-17s %s", name, text));
    }

    private void deadLetters(DeadLetters letters) {
        screen.line("");
        screen.line("Dead letters, kept in topic " + settings.deadLetterTopic());
        for (DeadLetters.Letter letter : letters.examples()) {
            screen.line(
                    String.format(
                            Locale.ROOT,
                            "  %-9s x %d  %s: %s",
                            letter.code().label(),
                            letters.counts().getOrDefault(letter.code(), 0),
                            shortened(letter.key(), SHOWN_KEY),
                            shortened(letter.reason(), SHOWN_REASON)));
        }
    }

    private void checks(Checks checks) {
        screen.line("");
        screen.line("Checks");
        for (Checks.Check check : checks.all()) {
            screen.line(
                    String.format(
                            Locale.ROOT,
                            "  %-6s %-38s %s",
                            check.held() ? "ok" : "FAILED",
                            check.name(),
                            check.found()));
        }
    }

    private void goOn() {
        screen.line("");
        screen.line("Go on, in another terminal:");
        screen.line(
                "  ./arbalest search --text \"backup my files to the cloud\" --filter \"section ="
                        + " 'net'\"");
        screen.line("  ./arbalest search --id wireshark -o json");
        screen.line("  ./arbalest status");
        screen.line("");
        for (NodeProcess node : running.nodes()) {
            screen.line(
                    String.format(
                            Locale.ROOT,
                            "  %-8s metrics http://127.0.0.1:%d/metrics",
                            node.name(),
                            node.spec().httpPort()));
        }
        screen.line(
                "  flink    jobs    http://127.0.0.1:"
                        + running.flink().restPort()
                        + "/jobs/overview");
        screen.line(
                "  logs             "
                        + workplace.data()
                        + (workplace.temporary() ? " (removed at the end)" : ""));
        screen.line("");
        screen.line("Ctrl-C stops everything.");
    }

    private static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 3) + "...";
    }
}
