package io.arbalest.jobs.demo;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Measures freshness as a user would see it: asks for sampled keys over and over, from outside,
 * until a version at least as new as the one that was sent comes back. Freshness = then minus the
 * Kafka record's timestamp, both on this machine's clock. The pause between two questions adds up
 * to {@value #PAUSE_MILLIS} ms to what is measured. Samples are kept exactly.
 *
 * <p>Thread-safe.
 */
final class FreshnessProbe implements AutoCloseable {
    private static final int PAUSE_MILLIS = 5;

    /**
     * The pause while rows are late by more than a second: asking faster would only make them
     * later.
     */
    private static final int LATE_PAUSE_MILLIS = 50;

    private static final int LATE_MILLIS = 1000;
    private static final int MOST_WAITING = 256;
    private static final int MOST_SAMPLES = 100_000;

    /** Keys in one question; the oldest are asked for first. */
    private static final int KEYS_PER_GET = 16;

    private static final ArbalestClient.GetOptions OPTIONS =
            new ArbalestClient.GetOptions(
                    List.of(), false, Optional.empty(), Duration.ofSeconds(10));

    private final ArbalestClient client;
    private final String collection;
    private final int every;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final long[] samples = new long[MOST_SAMPLES];
    private int count;
    private long offered;
    private long skipped;
    private volatile boolean stopped;

    private record Waiting(PointKey key, Version version) {}

    /** A look at the samples; milliseconds. */
    record Report(int samples, long p50, long p99, long max, long skipped, int stillWaiting) {}

    /**
     * @param every samples each n-th row that it is told of
     */
    FreshnessProbe(ArbalestClient client, String collection, int every) {
        this.client = client;
        this.collection = collection;
        this.every = every;
    }

    void start() {
        Thread thread = new Thread(this::run, "demo-freshness");
        thread.setDaemon(true);
        thread.start();
    }

    /** A row that the broker has just acknowledged. */
    synchronized void sent(String key, long timestamp, long offset) {
        if (offered++ % every != 0) {
            return;
        }
        if (waiting.size() < MOST_WAITING) {
            waiting.add(new Waiting(PointKey.of(key), new Version(0, timestamp, offset)));
        } else {
            skipped++;
        }
    }

    synchronized Report report() {
        long[] sorted = Arrays.copyOf(samples, count);
        Arrays.sort(sorted);
        return new Report(
                count,
                percentile(sorted, 0.50),
                percentile(sorted, 0.99),
                percentile(sorted, 1),
                skipped,
                waiting.size());
    }

    /** The smallest sample that is not below this share of all; 0 without samples. */
    static long percentile(long[] sorted, double share) {
        if (sorted.length == 0) {
            return 0;
        }
        int rank = (int) Math.ceil(share * sorted.length);
        return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1];
    }

    private void run() {
        while (!stopped) {
            try {
                List<Waiting> asked = oldest();
                if (!asked.isEmpty()) {
                    note(
                            client.get(
                                    collection,
                                    asked.stream().map(Waiting::key).distinct().toList(),
                                    OPTIONS));
                }
                boolean late = !asked.isEmpty() && age(asked.get(0)) > LATE_MILLIS;
                Thread.sleep(late ? LATE_PAUSE_MILLIS : PAUSE_MILLIS);
            } catch (ArbalestException e) {
                pauseAfterFailure(); // a node that restarts; what is waiting is asked for again
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static long age(Waiting sample) {
        return System.currentTimeMillis() - sample.version().version();
    }

    private static void pauseAfterFailure() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized List<Waiting> oldest() {
        List<Waiting> asked = new ArrayList<>();
        for (Iterator<Waiting> each = waiting.iterator();
                each.hasNext() && asked.size() < KEYS_PER_GET; ) {
            asked.add(each.next());
        }
        return asked;
    }

    private synchronized void note(Map<PointKey, Hit> found) {
        long now = System.currentTimeMillis();
        waiting.removeIf(sample -> {
            Hit hit = found.get(sample.key());
            boolean seen = hit != null && hit.version().compareTo(sample.version()) >= 0;
            if (seen && count < MOST_SAMPLES) {
                samples[count++] = now - sample.version().version();
            }
            return seen;
        });
    }

    @Override
    public void close() {
        stopped = true;
    }
}
