package io.arbalest.jobs;

import org.jspecify.annotations.Nullable;

/**
 * A record as Kafka gave it. A Flink POJO type.
 *
 * <p>Immutable; the arrays are not copied and must not be changed.
 *
 * @param timestamp milliseconds since 1970 UTC
 * @param key null if the record has none
 * @param value null for a tombstone
 */
public record KafkaRecord(
        String topic,
        int partition,
        long offset,
        long timestamp,
        byte @Nullable [] key,
        byte @Nullable [] value) {}
