package io.arbalest.jobs.demo;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Asks in plain words while the index fills. The first question is asked over and over until it is
 * answered: that moment is the first search result. The others follow as the index grows, so that
 * each has something to find.
 *
 * <p>Thread-safe.
 */
final class ExampleSearches implements AutoCloseable {
    private static final int PAUSE_MILLIS = 50;
    private static final int SHOWN = 3;
    private static final int RECALL_K = 10;

    private static final List<Example> EXAMPLES =
            List.of(
                    new Example("monitor network traffic", null),
                    new Example("monitor network traffic", null),
                    new Example("track satellites", null),
                    new Example("backup my files to the cloud", null),
                    new Example("audio editor", "section = 'sound'"));

    private final ArbalestClient client;
    private final String collection;
    private final WordVectorEmbedder embedder;
    private final Screen screen;
    private final double begin;
    private final List<float[]> sampleQueries;
    private int next;
    private volatile double firstResultSeconds;
    private volatile double liveRecall = Double.NaN;
    private volatile double share;
    private volatile boolean stopped;

    private record Example(String text, @Nullable String filter) {}

    /**
     * @param begin when the first process was started, in the screen's seconds
     * @param sampleQueries asked exactly and through the graph, for the live recall
     */
    ExampleSearches(
            ArbalestClient client,
            String collection,
            WordVectorEmbedder embedder,
            Screen screen,
            double begin,
            List<float[]> sampleQueries) {
        this.client = client;
        this.collection = collection;
        this.embedder = embedder;
        this.screen = screen;
        this.begin = begin;
        this.sampleQueries = sampleQueries;
    }

    void start() {
        Thread thread = new Thread(this::run, "demo-searches");
        thread.setDaemon(true);
        thread.start();
    }

    /** How far the index is filled, 0 to 1; decides which example is due. */
    void filled(double newShare) {
        share = newShare;
    }

    /**
     * When the first non-empty answer came, in seconds since the processes were started; 0 before.
     */
    double firstResultSeconds() {
        return firstResultSeconds;
    }

    /**
     * Recall@10 of a few queries against the servers' own exact search, a moment ago; NaN before.
     */
    double liveRecall() {
        return liveRecall;
    }

    /** Asks what has not been asked yet. */
    synchronized void finish() {
        while (next < EXAMPLES.size() && ask(EXAMPLES.get(next))) {
            next++;
        }
    }

    private void run() {
        int round = 0;
        while (!stopped) {
            try {
                askWhatIsDue();
                if (firstResultSeconds > 0 && round++ % 40 == 0) {
                    measure();
                }
            } catch (ArbalestException e) {
                // a node that is restarting; asked again below
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private synchronized void askWhatIsDue() {
        if (next < EXAMPLES.size()
                && share >= 0.9 * next / EXAMPLES.size()
                && ask(EXAMPLES.get(next))) {
            next++;
        }
    }

    private boolean ask(Example example) {
        long start = System.nanoTime();
        SearchResult result =
                client.search(
                        collection,
                        List.of(embedder.embed(example.text())),
                        SearchQuery.nearest(SHOWN)
                                .withFilter(example.filter())
                                .withFields(List.of("section")));
        double millis = (System.nanoTime() - start) / 1e6;
        List<Hit> hits = result.hits().get(0);
        if (hits.isEmpty()) {
            return false;
        }
        if (firstResultSeconds == 0) {
            firstResultSeconds = screen.elapsedSeconds() - begin;
            screen.step(
                    "first result",
                    String.format(
                            Locale.ROOT,
                            "%.1f s after the first process was started",
                            firstResultSeconds));
            return true;
        }
        String question =
                "\""
                        + example.text()
                        + "\""
                        + (example.filter() == null ? "" : " where " + example.filter());
        String answer =
                hits.stream().map(hit -> hit.key().toString()).collect(Collectors.joining(", "));
        screen.step("search", question);
        screen.line(String.format(Locale.ROOT, "  %-17s -> %s  (%.1f ms)", "", answer, millis));
        return true;
    }

    private void measure() {
        SearchQuery query = SearchQuery.nearest(RECALL_K).withFields(List.of());
        List<List<Hit>> exact =
                client.search(collection, sampleQueries, query.withExact(true)).hits();
        List<List<Hit>> found = client.search(collection, sampleQueries, query).hits();
        List<Double> shares = new ArrayList<>();
        for (int i = 0; i < exact.size(); i++) {
            List<Hit> best = exact.get(i);
            if (!best.isEmpty()) {
                double worst = best.get(best.size() - 1).score();
                long good = found.get(i).stream().filter(hit -> hit.score() >= worst).count();
                shares.add(Math.min(1, good / (double) best.size()));
            }
        }
        liveRecall = shares.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    @Override
    public void close() {
        stopped = true;
    }
}
