package io.arbalest.jobs;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

/**
 * Streams a Kafka topic into a collection.
 *
 * <p>Thread-safe: no state.
 */
public final class IngestionJob {
    private IngestionJob() {}

    /** {@code --config ingestion.yaml [--local] [--rest-port PORT]} */
    public static void main(String[] arguments) {
        throw new ArbalestException(ErrorCode.INTERNAL, "the ingestion job is not part of this build", "");
    }
}
