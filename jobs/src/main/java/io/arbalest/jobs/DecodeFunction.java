package io.arbalest.jobs;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Point;
import io.arbalest.flink.DeadLetter;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * Decodes and embeds; what cannot become a point goes to {@link #DEAD_LETTERS}. Asks the cluster
 * for the collection's definition when it opens, so that a restarted job notices a collection that
 * was made anew.
 *
 * <p>Metrics: {@code arbalest.deadLetters}. Confined to the task's thread.
 */
final class DecodeFunction extends ProcessFunction<KafkaRecord, Point> {
    private static final long serialVersionUID = 1L;

    static final OutputTag<DeadLetter> DEAD_LETTERS = new OutputTag<>("dead-letters") {};

    private final IngestionConfig config;
    private transient @Nullable RecordDecoder decoder;
    private transient @Nullable Counter deadLetters;

    DecodeFunction(IngestionConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) {
        decoder = new RecordDecoder(config.rows(), definition(config));
        deadLetters =
                getRuntimeContext().getMetricGroup().addGroup("arbalest").counter("deadLetters");
    }

    /**
     * What the cluster says that the collection is; refused with UNKNOWN_COLLECTION or UNREACHABLE.
     */
    static CollectionDefinition definition(IngestionConfig config) {
        try (ArbalestClient client = ArbalestClient.connect(config.index().endpoints())) {
            return client.refresh().requireCollection(config.index().collection()).definition();
        }
    }

    @Override
    public void processElement(KafkaRecord record, Context context, Collector<Point> out) {
        RecordDecoder ready = decoder;
        if (ready == null) {
            throw new IllegalStateException("not opened");
        }
        Point point;
        try {
            point = ready.decode(record);
        } catch (ArbalestException e) {
            if (deadLetters != null) {
                deadLetters.inc();
            }
            context.output(
                    DEAD_LETTERS,
                    DeadLetter.of(
                            e,
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            record.timestamp(),
                            record.key(),
                            record.value()));
            return;
        }
        out.collect(point);
    }
}
