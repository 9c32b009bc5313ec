package io.arbalest.jobs;

import io.arbalest.client.Point;
import io.arbalest.flink.ArbalestSink;
import io.arbalest.flink.DeadLetter;
import io.arbalest.flink.PointSerializer;
import io.arbalest.flink.PointTypeInfo;
import io.arbalest.jobs.IngestionConfig.Index;
import io.arbalest.jobs.IngestionConfig.Kafka;

import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExecutionOptions;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import java.time.Duration;
import java.util.Properties;

/**
 * The job's graph: {@code Kafka -> decode and embed -> index}, and {@code decode -> dead letters}.
 * All operators are chained, so the records of a partition stay in order and cross no network
 * inside Flink.
 *
 * <p>Thread-safe: no state.
 */
final class IngestionPipeline {
    private static final Duration FIRST_RESTART = Duration.ofMillis(200);
    private static final Duration LAST_RESTART = Duration.ofSeconds(10);

    private IngestionPipeline() {}

    /**
     * Flink's settings for this job; what a cluster's own configuration says otherwise is
     * overridden.
     */
    static Configuration settings(IngestionConfig config) {
        Configuration settings = new Configuration();
        settings.set(
                CheckpointingOptions.CHECKPOINTING_INTERVAL,
                config.execution().checkpointInterval());
        settings.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        String directory = config.execution().checkpointDirectory();
        if (!directory.isEmpty()) {
            settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
            settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory);
        }
        settings.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
        settings.set(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
                FIRST_RESTART);
        settings.set(
                RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF,
                LAST_RESTART);
        settings.set(ExecutionOptions.BUFFER_TIMEOUT, config.execution().bufferTimeout());
        settings.set(PipelineOptions.OBJECT_REUSE, true); // records and points are immutable
        settings.set(PipelineOptions.GENERIC_TYPES, false); // Kryo is an error
        return settings;
    }

    static void build(StreamExecutionEnvironment environment, IngestionConfig config) {
        environment.setParallelism(config.execution().parallelism());
        SingleOutputStreamOperator<Point> points =
                environment
                        .fromSource(
                                source(config.kafka()), WatermarkStrategy.noWatermarks(), "kafka")
                        .uid("kafka-source")
                        .process(new DecodeFunction(config))
                        .returns(PointTypeInfo.INSTANCE)
                        .name("decode")
                        .uid("decode");
        points.sinkTo(sink(config.index())).name("index").uid("index-sink");
        points.getSideOutput(DecodeFunction.DEAD_LETTERS)
                .sinkTo(
                        KafkaSink.<DeadLetter>builder()
                                .setBootstrapServers(config.kafka().bootstrapServers())
                                .setKafkaProducerConfig(properties(config.kafka()))
                                .setRecordSerializer(
                                        new DeadLetterWriter(config.kafka().deadLetterTopic()))
                                .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
                                .build())
                .name("dead letters")
                .uid("dead-letter-sink");
    }

    private static KafkaSource<KafkaRecord> source(Kafka kafka) {
        return KafkaSource.<KafkaRecord>builder()
                .setBootstrapServers(kafka.bootstrapServers())
                .setTopics(kafka.topic())
                .setGroupId(kafka.group())
                .setStartingOffsets(startingOffsets(kafka))
                .setDeserializer(new KafkaRecordReader())
                .setProperties(properties(kafka))
                .build();
    }

    @SuppressWarnings(
            "deprecation") // the connector's own parameter; Kafka deprecates the type without a
    // replacement here
    private static OffsetsInitializer startingOffsets(Kafka kafka) {
        return switch (kafka.startingOffsets()) {
            case COMMITTED ->
                    OffsetsInitializer.committedOffsets(
                            org.apache.kafka.clients.consumer.OffsetResetStrategy.EARLIEST);
            case EARLIEST -> OffsetsInitializer.earliest();
            case LATEST -> OffsetsInitializer.latest();
        };
    }

    private static ArbalestSink<Point> sink(Index index) {
        return ArbalestSink.<Point>builder()
                .setEndpoints(index.endpoints())
                .setCollection(index.collection())
                .setSerializer(PointSerializer.identity())
                .setBatchRows(index.batchRows())
                .setBatchDelay(index.batchDelay())
                .setMaxUnacknowledgedBytes(index.maxUnacknowledgedBytes())
                .setRetryTimeout(index.retryTimeout())
                .build();
    }

    private static Properties properties(Kafka kafka) {
        Properties properties = new Properties();
        properties.putAll(kafka.properties());
        return properties;
    }
}
