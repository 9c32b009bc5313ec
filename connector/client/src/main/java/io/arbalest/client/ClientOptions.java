package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.time.Duration;

/**
 * How a client waits and what it may hold.
 *
 * <p>Immutable.
 *
 * @param connectTimeout longest wait for one node to answer before the next is tried
 * @param callTimeout longest wait for an action, over all nodes and retries
 * @param maxConcurrentReads searches and gets in flight; further callers wait
 * @param maxBufferBytes Arrow memory of this client
 */
public record ClientOptions(
        Duration connectTimeout,
        Duration callTimeout,
        int maxConcurrentReads,
        long maxBufferBytes) {
    public static final ClientOptions DEFAULT =
            new ClientOptions(Duration.ofSeconds(5), Duration.ofSeconds(30), 256, 1L << 30);

    public ClientOptions {
        if (connectTimeout.isNegative()
                || connectTimeout.isZero()
                || callTimeout.isNegative()
                || callTimeout.isZero()
                || maxConcurrentReads < 1
                || maxBufferBytes < 1) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "client options must be positive, got connectTimeout="
                            + connectTimeout
                            + " callTimeout="
                            + callTimeout
                            + " maxConcurrentReads="
                            + maxConcurrentReads
                            + " maxBufferBytes="
                            + maxBufferBytes,
                    "leave them at ClientOptions.DEFAULT or give positive values");
        }
    }
}
