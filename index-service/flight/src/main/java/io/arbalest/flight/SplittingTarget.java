package io.arbalest.flight;

import io.arbalest.engine.Engine;
import io.arbalest.engine.RowBatch;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.KeyHash;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The rows of a stream whose writer knows nothing of shards: split by key hash, written here if
 * this node owns the shard, else forwarded, and answered together.
 *
 * <p>Thread-safe.
 */
final class SplittingTarget implements PutCall.Target {
    private final Engine engine;
    private final ClusterImage.Collection collection;
    private final String nodeName;
    private final RowForwarder forwarder;

    SplittingTarget(
            Engine engine,
            ClusterImage.Collection collection,
            String nodeName,
            RowForwarder forwarder) {
        this.engine = engine;
        this.collection = collection;
        this.nodeName = nodeName;
        this.forwarder = forwarder;
    }

    @Override
    public CompletableFuture<PutOutcome> write(
            IncomingRows rows, RowBatch.Writer writer, boolean acceptOlder) {
        PutOutcome outcome = new PutOutcome(rows.rows(), rows.rejected());
        Map<Integer, int[]> byShard = split(rows);
        List<CompletableFuture<?>> parts = new ArrayList<>();
        List<int[]> remote = new ArrayList<>();
        byShard.forEach((shard, positions) -> {
            if (ImageView.shard(collection, shard).primary().equals(nodeName)) {
                parts.add(writeHere(shard, positions, rows, writer, acceptOlder, outcome));
            } else {
                remote.add(positions);
            }
        });
        if (!remote.isEmpty()) {
            parts.add(forwarder.forward(rows, ascending(remote), outcome));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .handle((_, failure) -> {
                    if (failure != null) {
                        throw parts.size() == 1
                                ? new CompletionException(failure)
                                : new PartlyWritten(failure);
                    }
                    return outcome;
                });
    }

    /**
     * Never throws: the other parts of the batch may be on their way and still read its buffers.
     */
    private CompletableFuture<?> writeHere(
            int shard,
            int[] positions,
            IncomingRows rows,
            RowBatch.Writer writer,
            boolean acceptOlder,
            PutOutcome outcome) {
        try {
            return RoutedTarget.local(engine, collection, shard)
                    .write(0, rows.select(positions, writer, acceptOlder))
                    .thenAccept(result -> outcome.add(shard, positions, result));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Some part of the batch failed; others may have been stored. */
    static final class PartlyWritten extends CompletionException {
        private static final long serialVersionUID = 1L;

        PartlyWritten(Throwable cause) {
            super(cause);
        }
    }

    private Map<Integer, int[]> split(IncomingRows rows) {
        int[] accepted = rows.accepted();
        List<PointKey> keys = Arrays.stream(accepted).mapToObj(rows::key).toList();
        Map<Integer, int[]> positions = new TreeMap<>();
        KeyHash.groupByShard(collection, keys)
                .forEach((shard, indexes) ->
                        positions.put(
                                shard,
                                Arrays.stream(indexes).map(index -> accepted[index]).toArray()));
        return positions;
    }

    private static int[] ascending(List<int[]> groups) {
        return groups.stream().flatMapToInt(Arrays::stream).sorted().toArray();
    }

    @Override
    public void close() {
        forwarder.close();
    }
}
