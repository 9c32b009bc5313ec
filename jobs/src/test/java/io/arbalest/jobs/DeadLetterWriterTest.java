package io.arbalest.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.flink.DeadLetter;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

class DeadLetterWriterTest {
    private static final KafkaRecordSerializationSchema.KafkaSinkContext CONTEXT =
            new KafkaRecordSerializationSchema.KafkaSinkContext() {
                @Override
                public int getParallelInstanceId() {
                    return 0;
                }

                @Override
                public int getNumberOfParallelInstances() {
                    return 1;
                }

                @Override
                public int[] getPartitionsForTopic(String topic) {
                    return new int[] {0};
                }
            };

    @Test
    void keepsTheBytesAndSaysWhy() {
        byte[] value = {1, 2, (byte) 0xff};
        ArbalestException error =
                new ArbalestException(ErrorCode.RECORD_NOT_JSON, "no JSON: ü", "produce JSON");
        DeadLetter letter = DeadLetter.of(error, "packages", 3, 17, 1_700L, null, value);
        ProducerRecord<byte[], byte[]> record =
                new DeadLetterWriter("bad").serialize(letter, CONTEXT, null);
        assertThat(record.topic()).isEqualTo("bad");
        assertThat(record.partition()).isNull();
        assertThat(record.key()).isNull();
        assertThat(record.value()).isEqualTo(value);
        Map<String, String> headers = new TreeMap<>();
        record.headers()
                .forEach(h -> headers.put(h.key(), new String(h.value(), StandardCharsets.UTF_8)));
        assertThat(headers)
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "arbalest.code", "ARB-4101",
                                "arbalest.reason", "no JSON: ü",
                                "arbalest.fix", "produce JSON",
                                "arbalest.source.topic", "packages",
                                "arbalest.source.partition", "3",
                                "arbalest.source.offset", "17",
                                "arbalest.source.timestamp", "1700"));
    }
}
