package io.arbalest.jobs.demo;

import io.arbalest.client.ArbalestClient;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The demo, step by step: start everything, replay the catalogue, watch it become searchable, check
 * it, say what was found.
 *
 * <p>Confined to one thread, apart from what it starts.
 */
final class Demo {
    private static final Duration TICK = Duration.ofMillis(250);

    /** How long nothing may move before the demo gives up. */
    private static final Duration STALL_TIMEOUT = Duration.ofSeconds(90);

    private static final Duration LINKING_TIMEOUT = Duration.ofSeconds(90);
    private static final Duration DEAD_LETTER_TIMEOUT = Duration.ofSeconds(20);

    /** Freshness samples that a full run aims at. */
    private static final int SAMPLES = 4000;

    private static final int LIVE_QUERIES = 5;
    private static final long LIVE_QUERY_SEED = 5;

    private final Settings settings;
    private final Workplace workplace;
    private final Path data;
    private final Screen screen;
    private final Cleanup cleanup;
    private final Checks checks = new Checks();

    /**
     * @param data directory of the catalogue and the word vectors
     */
    Demo(Settings settings, Workplace workplace, Path data, Screen screen, Cleanup cleanup) {
        this.settings = settings;
        this.workplace = workplace;
        this.data = data;
        this.screen = screen;
        this.cleanup = cleanup;
    }

    /** What is running besides the processes. */
    private record Observers(
            Ledger ledger,
            Replay replay,
            FreshnessProbe freshness,
            DeadLetters letters,
            ExampleSearches searches) {}

    /** Runs the demo up to its summary; returns whether every check held. */
    boolean run() throws InterruptedException {
        WordVectorEmbedder embedder = WordVectorEmbedder.load(data);
        double begin = screen.elapsedSeconds();
        Pipeline.Running running =
                new Pipeline(settings, workplace, data, embedder.dimension(), screen, cleanup)
                        .start();
        List<String> lines = Catalogue.read(data, settings.records());
        Scenario scenario = Scenario.of(lines);
        Observers observers = observe(running, scenario, embedder, lines, begin);
        long replayBegin = System.nanoTime();
        observers.replay().start();
        screen.step(
                "replay",
                String.format(
                        Locale.ROOT,
                        "%,d records, %d updates, %d deletes, %d malformed, %,d/s",
                        scenario.catalogueRecords(),
                        scenario.updates(),
                        scenario.deletes(),
                        scenario.malformed().values().stream().mapToInt(Integer::intValue).sum(),
                        settings.rate()));
        fill(running, scenario, observers);
        double fillSeconds = (System.nanoTime() - replayBegin) / 1e9;
        observers.searches().finish();
        observers.searches().close();
        Progress linked = link(running.client());
        FinalChecks finalChecks = new FinalChecks(running.client(), settings.collection(), checks);
        FinalChecks.Recall recall = check(finalChecks, linked, observers, lines, embedder);
        awaitDeadLetters(scenario, observers.letters());
        finalChecks.deadLetters(scenario.malformed(), observers.letters().counts());
        screen.endLive();
        Summary.Figures figures =
                new Summary.Figures(
                        scenario,
                        fillSeconds,
                        observers.searches().firstResultSeconds(),
                        observers.freshness().report(),
                        recall,
                        linked,
                        observers.letters());
        new Summary(settings, workplace, running, screen).print(figures, checks);
        return checks.held();
    }

    private Observers observe(
            Pipeline.Running running,
            Scenario scenario,
            WordVectorEmbedder embedder,
            List<String> lines,
            double begin) {
        ArbalestClient client = running.client();
        String servers = running.broker().bootstrapServers();
        Ledger ledger = new Ledger(scenario);
        Set<String> deleted =
                scenario.events().stream()
                        .filter(event -> event.value() == null || event.malformed() != null)
                        .map(Scenario.Event::key)
                        .collect(Collectors.toSet());
        FreshnessProbe freshness =
                new FreshnessProbe(
                        client,
                        settings.collection(),
                        Math.max(1, scenario.events().size() / SAMPLES));
        DeadLetters letters = new DeadLetters(servers, settings.deadLetterTopic());
        ExampleSearches searches =
                new ExampleSearches(
                        client,
                        settings.collection(),
                        embedder,
                        screen,
                        begin,
                        Truth.queries(lines, embedder, LIVE_QUERIES, LIVE_QUERY_SEED));
        Replay replay =
                new Replay(
                        servers,
                        settings.collection(),
                        scenario,
                        ledger,
                        settings.rate(),
                        (event, key, timestamp, offset) -> {
                            if (!deleted.contains(key)) { // what is deleted again may never be seen
                                freshness.sent(key, timestamp, offset);
                            }
                        });
        cleanup.add(replay::close);
        cleanup.add(searches::close);
        cleanup.add(letters::close);
        cleanup.add(freshness::close);
        letters.start();
        freshness.start();
        searches.start();
        return new Observers(ledger, replay, freshness, letters, searches);
    }

    /** Watches until as many rows are searchable as the topic leaves behind. */
    private void fill(Pipeline.Running running, Scenario scenario, Observers observers)
            throws InterruptedException {
        long lastMove = System.nanoTime();
        long lastSum = -1;
        RateMeter meter = new RateMeter();
        int expected = scenario.catalogueRecords();
        while (true) {
            running.check();
            observers.replay().check();
            Progress progress = Progress.of(running.client(), settings.collection());
            long sent = observers.ledger().acknowledged();
            observers.searches().filled(progress.live() / (double) expected);
            FreshnessProbe.Report fresh = observers.freshness().report();
            double recall = observers.searches().liveRecall();
            screen.live(
                    String.format(
                            Locale.ROOT,
                            "  replayed %,d of %,d  searchable %,d  %,.0f rows/s  fresh p50 %d ms"
                                    + " p99 %d ms  recall@10 %s",
                            sent,
                            scenario.events().size(),
                            progress.live(),
                            meter.rate(progress.applied()),
                            fresh.p50(),
                            fresh.p99(),
                            Double.isNaN(recall)
                                    ? "-"
                                    : String.format(Locale.ROOT, "%.3f", recall)));
            boolean all = observers.ledger().complete() && progress.live() == expected;
            if (all && fresh.stillWaiting() == 0) {
                return;
            }
            long sum = sent + progress.applied() + fresh.samples();
            if (sum != lastSum) {
                lastSum = sum;
                lastMove = System.nanoTime();
            } else if (System.nanoTime() - lastMove > STALL_TIMEOUT.toNanos()) {
                throw new ArbalestException(
                        ErrorCode.DEADLINE_EXCEEDED,
                        String.format(
                                Locale.ROOT,
                                "nothing has moved for %d s: %d rows searchable of %d expected, %d"
                                        + " freshness samples open",
                                STALL_TIMEOUT.toSeconds(),
                                progress.live(),
                                expected,
                                fresh.stillWaiting()),
                        "see the job's log");
            }
            Thread.sleep(TICK.toMillis());
        }
    }

    /** Waits until the graph has linked every row, or enough of them and no more for a while. */
    private Progress link(ArbalestClient client) throws InterruptedException {
        long begin = System.nanoTime();
        while (true) {
            Progress progress = Progress.of(client, settings.collection());
            boolean late = System.nanoTime() - begin > LINKING_TIMEOUT.toNanos();
            if (progress.tail() == 0 || late) {
                return progress;
            }
            screen.live(
                    String.format(
                            Locale.ROOT,
                            "  linking the last %,d rows into the graph",
                            progress.tail()));
            Thread.sleep(TICK.toMillis());
        }
    }

    private FinalChecks.Recall check(
            FinalChecks finalChecks,
            Progress progress,
            Observers observers,
            List<String> lines,
            WordVectorEmbedder embedder)
            throws InterruptedException {
        screen.live(
                "  comparing every row and " + FinalChecks.QUERIES + " answers with what was sent");
        List<Ledger.Expected> expected = observers.ledger().expected();
        Truth truth = Truth.of(expected, embedder);
        finalChecks.content(expected, observers.ledger().deletedKeys(), truth);
        finalChecks.count(progress.live(), expected.size());
        finalChecks.linked(progress.linkedShare());
        return finalChecks.recall(lines, embedder, truth);
    }

    private void awaitDeadLetters(Scenario scenario, DeadLetters letters)
            throws InterruptedException {
        long begin = System.nanoTime();
        while (!letters.counts().equals(scenario.malformed())
                && letters.failure() == null
                && System.nanoTime() - begin < DEAD_LETTER_TIMEOUT.toNanos()) {
            Thread.sleep(TICK.toMillis());
        }
    }
}
