package io.arbalest.flight;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.ResultBatch;
import io.arbalest.protocol.wire.MissingShard;
import io.arbalest.protocol.wire.ResultHeader;
import io.arbalest.protocol.wire.SearchStatistics;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * The answer to one question, not yet in Arrow.
 *
 * @param rows in the order of {@link io.arbalest.protocol.ResultSchema}
 * @param missing shards that did not answer
 * @param error the question was refused; then there are no rows
 *     <p>Immutable.
 */
record Answer(
        List<Row> rows,
        Map<Integer, ArbalestException> missing,
        SearchStatistics statistics,
        boolean deadlineReached,
        @Nullable ArbalestException error) {
    /**
     * One row.
     *
     * @param query index of the query or key that it answers
     * @param metadata by field name, without nulls
     */
    record Row(
            int query,
            PointKey key,
            double score,
            Version version,
            short @Nullable [] vector,
            Map<String, Object> metadata) {}

    static Answer refused(ArbalestException error) {
        return new Answer(List.of(), Map.of(), SearchStatistics.getDefaultInstance(), false, error);
    }

    ResultHeader header(long requestId) {
        ResultHeader.Builder header =
                ResultHeader.newBuilder()
                        .setRequestId(requestId)
                        .setPartial(!missing.isEmpty())
                        .setStatistics(statistics)
                        .setDeadlineReached(deadlineReached);
        missing.forEach((shard, why) ->
                header.addMissing(
                        MissingShard.newBuilder()
                                .setShard(shard)
                                .setError(ErrorCodec.toWire(why))));
        if (error != null) {
            header.setError(ErrorCodec.toWire(error));
        }
        return header.build();
    }

    /** Writes the rows into a batch of the question's schema. */
    void fill(ResultBatch batch) {
        batch.clear(Math.max(1, rows.size()));
        for (Row row : rows) {
            batch.add(row.query, row.key, row.score, row.version, row.vector, row.metadata);
        }
        batch.finish();
    }
}
