package io.arbalest.jobs.demo;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Puts the scenario into the topic at a steady rate, on a thread of its own. Each record carries
 * the time at which it was sent; that time is its version and the beginning of its freshness.
 *
 * <p>Thread-safe.
 */
final class Replay implements AutoCloseable {
    private static final int LINGER_MILLIS = 2;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);
    private static final long SHORTEST_PAUSE_NANOS = 500_000;
    private static final double WARM_UP_SECONDS = 8;

    private final KafkaProducer<String, byte[]> producer;
    private final String topic;
    private final Scenario scenario;
    private final Ledger ledger;
    private final int rate;
    private final Listener listener;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private volatile long endNanos;
    private volatile boolean stopped;

    /** Told of each good row when the broker has acknowledged it. */
    @FunctionalInterface
    interface Listener {
        void sent(int event, String key, long timestamp, long offset);
    }

    Replay(
            String bootstrapServers,
            String topic,
            Scenario scenario,
            Ledger ledger,
            int rate,
            Listener listener) {
        this.topic = topic;
        this.scenario = scenario;
        this.ledger = ledger;
        this.rate = rate;
        this.listener = listener;
        this.producer =
                new KafkaProducer<>(
                        Map.of(
                                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
                                ProducerConfig.ACKS_CONFIG, "all",
                                ProducerConfig.LINGER_MS_CONFIG, LINGER_MILLIS),
                        new StringSerializer(),
                        new ByteArraySerializer());
    }

    /** Begins; returns at once. */
    void start() {
        Thread thread = new Thread(this::run, "demo-replay");
        thread.setDaemon(true);
        thread.start();
    }

    /** Fails if a record could not be put into the topic. */
    void check() {
        Exception failed = failure.get();
        if (failed != null) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    "a record could not be put into topic " + topic + ": " + failed.getMessage(),
                    "see the broker's log",
                    failed);
        }
    }

    /** When the last record was acknowledged, as a {@link System#nanoTime}; 0 before. */
    long endNanos() {
        return endNanos;
    }

    private void run() {
        try {
            long begin = System.nanoTime();
            List<Scenario.Event> events = scenario.events();
            for (int event = 0; event < events.size() && !stopped; event++) {
                pauseUntil(begin + (long) (dueSeconds(event, rate) * 1e9));
                send(event, events.get(event));
            }
            producer.flush();
            endNanos = System.nanoTime();
        } catch (RuntimeException e) {
            fail(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * When an event is due: the rate grows evenly over the first seconds, while the JVMs warm up,
     * and stays.
     */
    static double dueSeconds(int event, int rate) {
        double sentWhenWarm = rate * WARM_UP_SECONDS / 2;
        return event < sentWhenWarm
                ? Math.sqrt(2 * event * WARM_UP_SECONDS / rate)
                : WARM_UP_SECONDS + (event - sentWhenWarm) / rate;
    }

    private static void pauseUntil(long nanos) throws InterruptedException {
        long ahead = nanos - System.nanoTime();
        if (ahead > SHORTEST_PAUSE_NANOS) {
            Thread.sleep(ahead / 1_000_000, (int) (ahead % 1_000_000));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the callback hears of failures
    private void send(int number, Scenario.Event event) {
        String text = event.value();
        byte[] value = text == null ? null : text.getBytes(StandardCharsets.UTF_8);
        long timestamp = System.currentTimeMillis();
        producer.send(
                new ProducerRecord<>(topic, null, timestamp, event.key(), value),
                (metadata, error) -> {
                    if (error != null) {
                        fail(error);
                        return;
                    }
                    ledger.acknowledge(number, timestamp, metadata.offset());
                    if (event.value() != null && event.malformed() == null) {
                        listener.sent(number, event.key(), timestamp, metadata.offset());
                    }
                });
    }

    private void fail(Exception error) {
        if (!stopped) {
            failure.compareAndSet(null, error);
        }
    }

    @Override
    public void close() {
        stopped = true;
        producer.close(CLOSE_TIMEOUT);
    }
}
