package io.arbalest.jobs;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What an ingestion job is told by its file, see jobs/README.md. Travels to the tasks by Java
 * serialization.
 *
 * <p>Immutable.
 */
public record IngestionConfig(Kafka kafka, Index index, Rows rows, Execution execution)
        implements Serializable {

    /**
     * Reads and checks a file; relative paths in it are relative to it.
     *
     * @throws ArbalestException INVALID_CONFIGURATION, naming the key, what is wrong and the
     *     nearest known key
     */
    public static IngestionConfig load(Path file) {
        return IngestionConfigReader.read(file);
    }

    /**
     * The topic.
     *
     * @param properties passed to consumer and producers as they are
     */
    public record Kafka(
            String bootstrapServers,
            String topic,
            String group,
            StartingOffsets startingOffsets,
            String deadLetterTopic,
            Map<String, String> properties)
            implements Serializable {}

    /** Where a job starts that is not restored from a savepoint. */
    public enum StartingOffsets {
        /**
         * What the group committed last, at a completed checkpoint; the earliest where it has not.
         */
        COMMITTED,
        EARLIEST,
        LATEST
    }

    /** The collection and how it is written to. */
    public record Index(
            List<String> endpoints,
            String collection,
            int batchRows,
            Duration batchDelay,
            long maxUnacknowledgedBytes,
            Duration retryTimeout)
            implements Serializable {}

    /**
     * How a record becomes a row.
     *
     * @param keyField the JSON field of the key; null: the record's key
     * @param versionFrom what orders two records of one key
     * @param versionField the JSON field, when versionFrom is FIELD; else empty
     * @param generation raised to reprocess with a new model or a recreated topic
     * @param fields JSON field by collection field, where the names differ
     */
    public record Rows(
            @Nullable String keyField,
            VersionFrom versionFrom,
            String versionField,
            int generation,
            Vectors vectors,
            Map<String, String> fields)
            implements Serializable {}

    /** Where a version comes from; the tiebreak is the Kafka offset. */
    public enum VersionFrom {
        TIMESTAMP,
        OFFSET,
        FIELD
    }

    /**
     * Where a vector comes from: one of the two.
     *
     * @param field the JSON field with an array of numbers; empty: embed
     * @param embeddingDirectory the model's directory; empty: the field
     * @param textFields whose texts are embedded, joined by spaces; empty: a Debian package's, see
     *     {@link PackageText}
     */
    public record Vectors(String field, String embeddingDirectory, List<String> textFields)
            implements Serializable {
        /** Whether texts are embedded. */
        public boolean embeds() {
            return field.isEmpty();
        }
    }

    /**
     * How Flink runs it.
     *
     * @param checkpointDirectory empty: the job manager's memory
     */
    public record Execution(
            int parallelism,
            Duration checkpointInterval,
            String checkpointDirectory,
            Duration bufferTimeout)
            implements Serializable {}
}
