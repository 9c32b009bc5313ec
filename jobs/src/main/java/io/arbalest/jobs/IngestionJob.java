package io.arbalest.jobs;

import org.slf4j.LoggerFactory;

/**
 * Streams a Kafka topic into a collection.
 *
 * <p>Thread-safe: no state.
 */
public final class IngestionJob {
    private IngestionJob() {}

    /** {@code --config ingestion.yaml [--local] [--rest-port PORT]} */
    public static void main(String[] arguments) {
        LoggerFactory.getLogger(IngestionJob.class).error("the ingestion job is not part of this build");
    }
}
