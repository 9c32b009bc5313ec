package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.JsonNode;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.PointKey;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What must hold at the end: every row that the topic leaves behind is in the index with exactly
 * its version, metadata and vector; nothing else is; every malformed record is a dead letter with
 * its code; the graph finds the true neighbours and looks at a small part of the points.
 *
 * <p>Confined to one thread.
 */
final class FinalChecks {
    /** The share of the true ten nearest that must be found. */
    static final double LEAST_RECALL = 0.95;

    /** The share of the rows that must be linked into the graph. */
    static final double LEAST_LINKED = 0.95;

    /** The most that a search may look at, of a collection large enough for a graph to pay. */
    static final double MOST_SCORED = 0.10;

    private static final int SCORED_COUNTS_FROM = 20_000;
    private static final int K = 10;
    static final int QUERIES = 250;
    private static final long QUERY_SEED = 20_261_123L;
    private static final int KEYS_PER_GET = 512;
    private static final int QUERIES_PER_SEARCH = 50;
    private static final int NAMED = 5;
    private static final Duration LATE_ROWS_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration LATE_ROWS_PAUSE = Duration.ofMillis(200);

    private final ArbalestClient client;
    private final String collection;
    private final Checks checks;

    /** What the graph search came to. */
    record Recall(double recall, double scoredShare) {}

    FinalChecks(ArbalestClient client, String collection, Checks checks) {
        this.client = client;
        this.collection = collection;
        this.checks = checks;
    }

    /** Every expected row is there exactly as sent; nothing that was deleted is. */
    void content(List<Ledger.Expected> expected, List<String> deletedKeys, Truth truth)
            throws InterruptedException {
        Findings findings = compare(expected, truth);
        long begin = System.nanoTime();
        while (!findings.good() && System.nanoTime() - begin < LATE_ROWS_TIMEOUT.toNanos()) {
            Thread.sleep(
                    LATE_ROWS_PAUSE
                            .toMillis()); // the last updates may still be on their way: ask again
            // for these
            findings = compare(findings.rows(), truth);
        }
        checks.add(
                "every record is there",
                findings.missing().isEmpty(),
                outOf(expected.size(), findings.missing()));
        checks.add(
                "version, metadata and vector as sent",
                findings.different().isEmpty(),
                outOf(expected.size(), findings.different()));
        List<String> undead =
                get(deletedKeys.stream().map(PointKey::of).toList(), false).keySet().stream()
                        .map(PointKey::toString)
                        .toList();
        checks.add("deleted keys are gone", undead.isEmpty(), outOf(deletedKeys.size(), undead));
    }

    /** Rows that are not as they should be. */
    private record Findings(
            List<Ledger.Expected> rows, List<String> missing, List<String> different) {
        boolean good() {
            return rows.isEmpty();
        }
    }

    private Findings compare(List<Ledger.Expected> expected, Truth truth) {
        Findings findings = new Findings(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int first = 0; first < expected.size(); first += KEYS_PER_GET) {
            List<Ledger.Expected> chunk =
                    expected.subList(first, Math.min(expected.size(), first + KEYS_PER_GET));
            Map<PointKey, Hit> found =
                    get(chunk.stream().map(row -> PointKey.of(row.key())).toList(), true);
            for (Ledger.Expected row : chunk) {
                Hit hit = found.get(PointKey.of(row.key()));
                if (hit == null || !sameRow(row, hit, truth)) {
                    (hit == null ? findings.missing() : findings.different()).add(row.key());
                    findings.rows().add(row);
                }
            }
        }
        return findings;
    }

    private Map<PointKey, Hit> get(List<PointKey> keys, boolean whole) {
        return client.get(
                collection,
                keys,
                new ArbalestClient.GetOptions(
                        whole ? null : List.of(), whole, Optional.empty(), Duration.ofSeconds(30)));
    }

    private static boolean sameRow(Ledger.Expected row, Hit hit, Truth truth) {
        JsonNode record = Catalogue.parse(row.value());
        return hit.version().equals(row.version())
                && hit.metadata().equals(Catalogue.metadata(record))
                && Arrays.equals(hit.vector(), truth.vector(row.key()));
    }

    /**
     * The live count of the shards is the number of expected rows: together with {@link #content},
     * nothing is extra.
     */
    void count(long live, int expected) {
        checks.add(
                "nothing else is there",
                live == expected,
                live + " live rows, " + expected + " expected");
    }

    void linked(double share) {
        checks.add(
                "rows linked into the graph",
                share >= LEAST_LINKED,
                percent(share) + ", at least " + percent(LEAST_LINKED));
    }

    /** Recall and cost of the graph alone: without the scan of the tail, without exact mode. */
    Recall recall(List<String> lines, WordVectorEmbedder embedder, Truth truth) {
        List<float[]> queries = Truth.queries(lines, embedder, QUERIES, QUERY_SEED);
        SearchQuery query =
                SearchQuery.nearest(K)
                        .withSkipTail(true)
                        .withExact(false)
                        .withFields(List.of())
                        .withTimeout(Duration.ofSeconds(30));
        List<List<Hit>> answers = new ArrayList<>();
        long scored = 0;
        long live = 0;
        boolean partial = false;
        for (int first = 0; first < queries.size(); first += QUERIES_PER_SEARCH) {
            List<float[]> chunk =
                    queries.subList(first, Math.min(queries.size(), first + QUERIES_PER_SEARCH));
            SearchResult result = client.search(collection, chunk, query);
            answers.addAll(result.hits());
            scored += result.statistics().scored() + result.statistics().tailScored();
            live = result.statistics().livePoints();
            partial |= result.partial() || result.deadlineReached();
        }
        double recall = truth.recall(queries, answers, K);
        double share = scored / (double) queries.size() / Math.max(1, live);
        checks.add(
                "recall@10 of the graph alone",
                recall >= LEAST_RECALL && !partial,
                String.format(
                        Locale.ROOT,
                        "%.4f over %d queries, at least %.2f",
                        recall,
                        queries.size(),
                        LEAST_RECALL));
        if (live >= SCORED_COUNTS_FROM) {
            checks.add(
                    "points scored by a query",
                    share <= MOST_SCORED,
                    percent(share) + " of them, at most " + percent(MOST_SCORED));
        }
        return new Recall(recall, share);
    }

    void deadLetters(Map<ErrorCode, Integer> expected, Map<ErrorCode, Integer> found) {
        boolean same = expected.equals(found);
        checks.add(
                "dead letters",
                same,
                same
                        ? found.values().stream().mapToInt(Integer::intValue).sum()
                                + ", each with its code"
                        : "found " + labels(found) + ", expected " + labels(expected));
    }

    /** Counts by code, for people. */
    static String labels(Map<ErrorCode, Integer> counts) {
        Map<String, Integer> labels = new TreeMap<>();
        counts.forEach((code, count) -> labels.put(code.label(), count));
        return labels.toString();
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", share * 100);
    }

    private static String outOf(int all, List<String> wrong) {
        if (wrong.isEmpty()) {
            return "all of " + all;
        }
        return wrong.size()
                + " of "
                + all
                + " not, for example "
                + wrong.subList(0, Math.min(NAMED, wrong.size()));
    }
}
