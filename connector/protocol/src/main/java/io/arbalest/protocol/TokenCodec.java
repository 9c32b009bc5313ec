package io.arbalest.protocol;

import com.google.protobuf.InvalidProtocolBufferException;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.wire.ShardPosition;
import io.arbalest.protocol.wire.Token;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Tokens as bytes. Version 1 is the protobuf message {@code Token}: {@code format_version} = 1,
 * {@code incarnation} (16 bytes, big-endian), {@code positions} in ascending order of shard, each
 * shard once, sequence numbers from 0. The fields of the cut are reserved and empty. Golden file:
 * {@code golden/token-v1.bin}.
 *
 * <p>Thread-safe: no state.
 */
public final class TokenCodec {
    private TokenCodec() {}

    public static Token toWire(ReadPosition position) {
        Token.Builder builder =
                Token.newBuilder()
                        .setFormatVersion(Descriptors.FORMAT_VERSION)
                        .setIncarnation(UuidBytes.toWire(position.incarnation()));
        position.positions()
                .forEach((shard, sequenceNumber) ->
                        builder.addPositions(
                                ShardPosition.newBuilder()
                                        .setShard(shard)
                                        .setSequenceNumber(sequenceNumber)));
        return builder.build();
    }

    public static byte[] toBytes(ReadPosition position) {
        return toWire(position).toByteArray();
    }

    /**
     * Refused with {@link ErrorCode#MALFORMED_REQUEST} or {@link
     * ErrorCode#UNSUPPORTED_FORMAT_VERSION}.
     */
    public static ReadPosition fromBytes(byte[] bytes) {
        try {
            return fromWire(Token.parseFrom(bytes));
        } catch (InvalidProtocolBufferException e) {
            throw malformed("it is not a token", e);
        }
    }

    /** Refused as by {@link #fromBytes}. */
    public static ReadPosition fromWire(Token token) {
        if (token.getFormatVersion() != 0) {
            Descriptors.checkFormatVersion(token.getFormatVersion(), "token");
        } else {
            throw malformed("it has no format version", null);
        }
        if (token.getIncarnation().isEmpty()) {
            throw malformed("it names no incarnation", null);
        }
        if (token.getPositionsCount() > WireLimits.MAX_TOKEN_POSITIONS) {
            throw malformed("it names " + token.getPositionsCount() + " shards", null);
        }
        SortedMap<Integer, Long> positions = new TreeMap<>();
        for (ShardPosition position : token.getPositionsList()) {
            if (position.getShard() < 0 || position.getSequenceNumber() < 0) {
                throw malformed("a shard or sequence number is negative", null);
            }
            if (positions.put(position.getShard(), position.getSequenceNumber()) != null) {
                throw malformed("shard " + position.getShard() + " is named twice", null);
            }
        }
        return new ReadPosition(UuidBytes.fromWire(token.getIncarnation()), positions);
    }

    private static ArbalestException malformed(
            String why, @org.jspecify.annotations.Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                "the token cannot be read: " + why,
                "pass the token exactly as a write returned it",
                cause);
    }
}
