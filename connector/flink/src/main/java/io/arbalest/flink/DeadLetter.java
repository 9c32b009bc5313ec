package io.arbalest.flink;

import io.arbalest.model.ArbalestException;

import org.apache.flink.annotation.PublicEvolving;
import org.jspecify.annotations.Nullable;

/**
 * A record that was not written, where it came from and why; with its original bytes, so that it
 * can be sent again once its cause is mended.
 *
 * <p>A Flink POJO type: all fields have serializers of their own.
 *
 * <p>Immutable; the arrays are not copied and must not be changed.
 *
 * @param code for example {@code ARB-1101}
 * @param number for example 1101
 * @param reason one line: what, where, expected, got
 * @param fix one line; may be empty
 * @param topic where it was read; empty if not from Kafka
 * @param timestamp of the record, milliseconds since 1970 UTC
 * @param key as read; null if the record has none
 * @param value as read; null if the record has none
 */
@PublicEvolving
public record DeadLetter(
        String code,
        int number,
        String reason,
        String fix,
        String topic,
        int partition,
        long offset,
        long timestamp,
        byte @Nullable [] key,
        byte @Nullable [] value) {

    /** The letter for a record that this error kept from being written. */
    public static DeadLetter of(
            ArbalestException error,
            String topic,
            int partition,
            long offset,
            long timestamp,
            byte @Nullable [] key,
            byte @Nullable [] value) {
        return new DeadLetter(
                error.code().label(),
                error.code().number(),
                error.detail(),
                error.fix(),
                topic,
                partition,
                offset,
                timestamp,
                key,
                value);
    }
}
