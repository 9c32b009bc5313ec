package io.arbalest.jobs;

import io.arbalest.flink.DeadLetter;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;

/**
 * A dead letter as a Kafka record: the original key and value, and in UTF-8 headers why and where
 * from: {@code arbalest.code}, {@code arbalest.reason}, {@code arbalest.fix}, {@code
 * arbalest.source.topic}, {@code arbalest.source.partition}, {@code arbalest.source.offset}, {@code
 * arbalest.source.timestamp}.
 *
 * <p>Immutable.
 */
final class DeadLetterWriter implements KafkaRecordSerializationSchema<DeadLetter> {
    private static final long serialVersionUID = 1L;
    private static final String PREFIX = "arbalest.";

    private final String topic;

    DeadLetterWriter(String topic) {
        this.topic = topic;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
            DeadLetter letter, KafkaSinkContext context, @Nullable Long timestamp) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, letter.key(), letter.value());
        Headers headers = record.headers();
        add(headers, "code", letter.code());
        add(headers, "reason", letter.reason());
        add(headers, "fix", letter.fix());
        add(headers, "source.topic", letter.topic());
        add(headers, "source.partition", Integer.toString(letter.partition()));
        add(headers, "source.offset", Long.toString(letter.offset()));
        add(headers, "source.timestamp", Long.toString(letter.timestamp()));
        return record;
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(PREFIX + name, value.getBytes(StandardCharsets.UTF_8));
    }
}
