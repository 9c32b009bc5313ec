package io.arbalest.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.arbalest.client.Hit;
import io.arbalest.jobs.PackageText;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPInputStream;

/**
 * A topic of Debian packages with what a real topic has: updates, deletes, records that arrive
 * late, and records that are no package at all.
 *
 * <p>The replay runs on a thread of its own; everything else is confined to the test's.
 */
final class PackageTopic {
    static final String NAME = "packages";
    static final String DEAD_LETTERS = "packages.dead-letter";
    static final String COLLECTION = "packages";
    static final Path DATA =
            Path.of("../jobs/src/main/demo-data/debian-packages").toAbsolutePath().normalize();

    private static final List<Field> FIELDS =
            List.of(
                    new Field("version", FieldType.STRING),
                    new Field("section", FieldType.STRING),
                    new Field("priority", FieldType.STRING),
                    new Field("installed_kb", FieldType.LONG),
                    new Field("maintainer", FieldType.STRING),
                    new Field("tags", FieldType.STRING_ARRAY, false),
                    new Field("summary", FieldType.STRING, false));
    private static final int EVERY_UPDATE = 9;
    private static final int EVERY_DELETE = 25;
    private static final int EVERY_LATE = 40;
    private static final int EVERY_MALFORMED = 1_000;
    private static final long LATE_MILLIS = 3_600_000;

    private final String bootstrapServers;
    private final Random random;
    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, Integer> malformed = new TreeMap<>();
    private final CompletableFuture<Void> replayed = new CompletableFuture<>();
    private volatile boolean mayEnd;

    PackageTopic(String bootstrapServers, long seed) {
        this.bootstrapServers = bootstrapServers;
        this.random = new Random(seed);
    }

    /** What the topic says last of a key. */
    record Row(Version version, @Nullable JsonNode record) {
        boolean deleted() {
            return record == null;
        }

        /** The text that the job embeds. */
        String text() {
            if (record == null) {
                throw new IllegalStateException("a deleted row has no text");
            }
            return PackageText.compose(record);
        }

        /** Empty if the hit is this row. */
        String differenceTo(@Nullable Hit hit) {
            if (hit == null) {
                return "missing, expected version " + version;
            }
            if (!hit.version().equals(version)) {
                return "version " + hit.version() + ", expected " + version;
            }
            Map<String, Object> expected = metadata();
            return hit.metadata().equals(expected)
                    ? ""
                    : "metadata " + hit.metadata() + ", expected " + expected;
        }

        private Map<String, Object> metadata() {
            Map<String, Object> values = new HashMap<>();
            for (Field field : FIELDS) {
                JsonNode value = record == null ? null : record.get(field.name());
                if (value != null && !value.isNull()) {
                    values.put(field.name(), valueOf(value));
                }
            }
            return values;
        }

        private static Object valueOf(JsonNode value) {
            if (value.isArray()) {
                List<String> texts = new ArrayList<>();
                value.forEach(element -> texts.add(element.asText()));
                return texts;
            }
            return value.isNumber() ? (Object) value.asLong() : value.asText();
        }
    }

    static CollectionDefinition collection() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                192,
                Metric.IP,
                HnswParams.DEFAULT,
                FIELDS,
                3,
                1);
    }

    /** Keys of the rows that were written last. */
    static List<PointKey> newest(Map<PointKey, Row> rows, int count) {
        return rows.entrySet().stream()
                .sorted(
                        Map.Entry.<PointKey, Row>comparingByValue(
                                (a, b) -> b.version().compareTo(a.version())))
                .limit(count)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** The ingestion job's file. */
    Path writeJobConfiguration(Path directory, List<NodeProcess> nodes) throws IOException {
        List<String> lines =
                List.of(
                        "kafka:",
                        "  bootstrap-servers: [\"" + bootstrapServers + "\"]",
                        "  topic: " + NAME,
                        "  group: ingestion-test",
                        "  dead-letter-topic: " + DEAD_LETTERS,
                        "index:",
                        "  endpoints: ["
                                + String.join(
                                        ", ",
                                        nodes.stream().map(n -> '"' + n.endpoint() + '"').toList())
                                + "]",
                        "  collection: " + COLLECTION,
                        "record:",
                        "  version: timestamp",
                        "  vector:",
                        "    embedding:",
                        "      directory: " + DATA,
                        "      text: debian-package",
                        "flink:",
                        "  parallelism: 2",
                        "  checkpoint-interval: 1s");
        Path file = directory.resolve("ingestion.yaml");
        Files.write(file, lines);
        return file;
    }

    /**
     * Starts to send, on a thread of its own: at least so many records, and more until the replay
     * is told that it may end, or nothing is left of the file.
     */
    Replay startReplay(int atLeast, int recordsPerSecond) {
        Thread sender =
                new Thread(
                        () -> {
                            try {
                                send(atLeast, recordsPerSecond);
                                replayed.complete(null);
                            } catch (IOException | RuntimeException e) {
                                replayed.completeExceptionally(e);
                            }
                        },
                        "replay");
        sender.setDaemon(true);
        sender.start();
        return new Replay(sender);
    }

    /** A running replay; closing stops it. */
    final class Replay implements AutoCloseable {
        private final Thread sender;

        private Replay(Thread sender) {
            this.sender = sender;
        }

        /** Lets it end, and waits until everything is in the topic. */
        void finish(Duration patience) throws Exception {
            mayEnd = true;
            replayed.get(patience.toSeconds(), TimeUnit.SECONDS);
        }

        @Override
        public void close() {
            sender.interrupt();
            try {
                sender.join(TimeUnit.SECONDS.toMillis(20));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void send(int atLeast, int recordsPerSecond) throws IOException {
        long started = System.nanoTime();
        List<String> names = new ArrayList<>();
        try (BufferedReader lines = open();
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(
                                Map.of(
                                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                        bootstrapServers,
                                        ProducerConfig.LINGER_MS_CONFIG,
                                        2),
                                new ByteArraySerializer(),
                                new ByteArraySerializer())) {
            for (int sent = 0; !(mayEnd && sent >= atLeast); sent++) {
                String line = lines.readLine();
                if (line == null || Thread.currentThread().isInterrupted()) {
                    break;
                }
                JsonNode record = json.readTree(line);
                String name = record.get("name").asText();
                long now = System.currentTimeMillis();
                send(producer, record(now, name, line));
                sendSpecials(producer, sent, record, names, now);
                names.add(name);
                long due = started + (long) sent * TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
                LockSupport.parkNanos(Math.max(0, due - System.nanoTime()));
            }
            producer.flush();
        }
    }

    /** A record that does not reach the topic ends the replay: what was sent is what is checked. */
    private void send(
            KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        var unused =
                producer.send(
                        record,
                        (metadata, failure) -> {
                            if (failure != null) {
                                replayed.completeExceptionally(failure);
                            }
                        });
    }

    private void sendSpecials(
            KafkaProducer<byte[], byte[]> producer,
            int sent,
            JsonNode record,
            List<String> names,
            long now)
            throws IOException {
        if (names.isEmpty()) {
            return;
        }
        String earlier = names.get(random.nextInt(names.size()));
        if (sent % EVERY_UPDATE == 0) {
            ObjectNode update = record.deepCopy();
            update.put("name", earlier).put("priority", "updated").put("installed_kb", sent);
            send(producer, record(now, earlier, update.toString()));
        }
        if (sent % EVERY_DELETE == 0) {
            send(producer, record(now, earlier, null));
        }
        if (sent % EVERY_LATE == 0) { // must lose against what the key has
            ObjectNode late = record.deepCopy();
            late.put("name", earlier).put("priority", "late");
            send(producer, record(now - LATE_MILLIS, earlier, late.toString()));
        }
        if (sent % EVERY_MALFORMED == EVERY_MALFORMED / 2) {
            send(
                    producer,
                    malformed(now, "bad-json-" + sent, "{\"name\":", ErrorCode.RECORD_NOT_JSON));
            send(
                    producer,
                    malformed(
                            now,
                            "bad-missing-" + sent,
                            "{\"name\":\"x\"}",
                            ErrorCode.RECORD_FIELD_MISSING));
            String unknownWords = "{\"name\":\"qqqq\",\"summary\":\"zzzzqq\"}";
            send(
                    producer,
                    malformed(now, "bad-words-" + sent, unknownWords, ErrorCode.NO_KNOWN_WORD));
        }
    }

    private ProducerRecord<byte[], byte[]> malformed(
            long timestamp, String key, String value, ErrorCode code) {
        malformed.merge(code.label(), 1, Integer::sum);
        return record(timestamp, key, value);
    }

    private static ProducerRecord<byte[], byte[]> record(
            long timestamp, String key, @Nullable String value) {
        byte[] bytes = value == null ? null : value.getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(
                NAME, null, timestamp, key.getBytes(StandardCharsets.UTF_8), bytes);
    }

    private static BufferedReader open() throws IOException {
        return new BufferedReader(
                new InputStreamReader(
                        new GZIPInputStream(
                                Files.newInputStream(DATA.resolve("packages.jsonl.gz"))),
                        StandardCharsets.UTF_8));
    }

    Map<String, Integer> expectedDeadLetterCodes() {
        return malformed;
    }

    /**
     * Reads the topic from its beginning: per key, the highest version of those records that are
     * packages.
     */
    Map<PointKey, Row> consumeExpectedRows() throws IOException {
        Map<PointKey, Row> rows = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : consumeAll(NAME)) {
            String name = new String(record.key(), StandardCharsets.UTF_8);
            if (!name.startsWith("bad-")) {
                Version version = new Version(0, record.timestamp(), record.offset());
                JsonNode value = record.value() == null ? null : json.readTree(record.value());
                rows.merge(
                        PointKey.of(name),
                        new Row(version, value),
                        (known, next) ->
                                known.version().compareTo(next.version()) >= 0 ? known : next);
            }
        }
        return rows;
    }

    /**
     * Counts the dead letters by code, once as many as expected have come. A record that was read
     * again after a failure of the job may be in the topic twice and counts once.
     */
    Map<String, Integer> deadLetterCodes(Duration patience) {
        int expected = malformed.values().stream().mapToInt(Integer::intValue).sum();
        House.await(
                expected + " dead letters",
                patience,
                () -> codeBySource().size() >= expected,
                () -> codeBySource().size() + " came");
        Map<String, Integer> codes = new TreeMap<>();
        codeBySource().values().forEach(code -> codes.merge(code, 1, Integer::sum));
        return codes;
    }

    private Map<String, String> codeBySource() {
        Map<String, String> codes = new TreeMap<>();
        for (ConsumerRecord<byte[], byte[]> letter : consumeAll(DEAD_LETTERS)) {
            String source =
                    header(letter, "arbalest.source.partition")
                            + "@"
                            + header(letter, "arbalest.source.offset");
            codes.put(source, header(letter, "arbalest.code"));
        }
        return codes;
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null
                ? "(no header " + name + ")"
                : new String(header.value(), StandardCharsets.UTF_8);
    }

    private List<ConsumerRecord<byte[], byte[]>> consumeAll(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(
                        Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers),
                        new ByteArrayDeserializer(),
                        new ByteArrayDeserializer())) {
            List<TopicPartition> partitions =
                    consumer.partitionsFor(topic).stream().map(PackageTopic::partition).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            while (ends.entrySet().stream()
                    .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
            return records;
        }
    }

    private static TopicPartition partition(PartitionInfo info) {
        return new TopicPartition(info.topic(), info.partition());
    }
}
