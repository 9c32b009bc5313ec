package io.arbalest.jobs.demo;

import io.arbalest.model.ErrorCode;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Reads the dead-letter topic from its beginning, on a thread of its own, and counts by code. A
 * letter that a restarted job has sent twice counts once: it is known by the offset of the record
 * that it is about.
 *
 * <p>Thread-safe.
 */
final class DeadLetters implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);

    private final String bootstrapServers;
    private final String topic;
    private final Set<String> seen = new HashSet<>();
    private final Map<ErrorCode, Letter> examples = new TreeMap<>();
    private final Map<ErrorCode, Integer> counts = new TreeMap<>();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private volatile boolean stopped;

    /** Why a record was not written, and what it was. */
    record Letter(ErrorCode code, String reason, String key) {}

    DeadLetters(String bootstrapServers, String topic) {
        this.bootstrapServers = bootstrapServers;
        this.topic = topic;
    }

    void start() {
        Thread thread = new Thread(this::run, "demo-dead-letters");
        thread.setDaemon(true);
        thread.start();
    }

    /** How many there are of each code so far. */
    synchronized Map<ErrorCode, Integer> counts() {
        return Map.copyOf(counts);
    }

    /** One of each code. */
    synchronized List<Letter> examples() {
        return List.copyOf(examples.values());
    }

    /** What kept the topic from being read, if anything. */
    @Nullable Exception failure() {
        return failure.get();
    }

    private void run() {
        Map<String, Object> configuration =
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        "earliest");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        configuration, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions =
                    consumer.partitionsFor(topic).stream()
                            .map(info -> new TopicPartition(topic, info.partition()))
                            .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!stopped) {
                consumer.poll(POLL).forEach(this::note);
            }
        } catch (KafkaException e) {
            if (!stopped) {
                failure.set(e);
            }
        }
    }

    private synchronized void note(ConsumerRecord<byte[], byte[]> letter) {
        String origin =
                header(letter, "arbalest.source.partition")
                        + "@"
                        + header(letter, "arbalest.source.offset");
        if (seen.add(origin)) {
            ErrorCode code = ErrorCode.ofNumber(number(header(letter, "arbalest.code")));
            byte[] key = letter.key();
            counts.merge(code, 1, Integer::sum);
            examples.putIfAbsent(
                    code,
                    new Letter(
                            code,
                            header(letter, "arbalest.reason"),
                            key == null ? "" : new String(key, StandardCharsets.UTF_8)));
        }
    }

    private static int number(String label) {
        String digits = label.replaceAll("[^0-9]", "");
        return digits.isEmpty() ? ErrorCode.INTERNAL.number() : Integer.parseInt(digits);
    }

    private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
        Header header = letter.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        stopped = true;
    }
}
