package io.arbalest.flight;

import io.arbalest.engine.Engine;
import io.arbalest.engine.RowBatch;
import io.arbalest.engine.Shard;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardAssignment;
import io.arbalest.protocol.KeyHash;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The rows of a stream whose writer has chosen the shard: to that shard of this node, never
 * further. A row that belongs elsewhere is rejected.
 *
 * <p>Thread-safe.
 */
final class RoutedTarget implements PutCall.Target {
    /** How long a call waits for a field that was added just now. */
    private static final Duration FIELD_PATIENCE = Duration.ofSeconds(2);

    private final Engine engine;
    private final ClusterImage.Collection collection;
    private final ShardAssignment assignment;
    private final long term;

    /**
     * @param term the term that the writer believes in; 0: any
     */
    RoutedTarget(Engine engine, ClusterImage.Collection collection, int shard, long term) {
        this.engine = engine;
        this.collection = collection;
        this.assignment = ImageView.shard(collection, shard);
        this.term = term;
    }

    @Override
    public CompletableFuture<PutOutcome> write(
            IncomingRows rows, RowBatch.Writer writer, boolean acceptOlder) {
        for (int row : rows.accepted()) {
            if (!assignment.range().contains(KeyHash.of(rows.key(row)))) {
                rows.reject(row, notOwner(rows, row));
            }
        }
        int[] positions = rows.accepted();
        PutOutcome outcome = new PutOutcome(rows.rows(), rows.rejected());
        if (positions.length == 0) {
            return CompletableFuture.completedFuture(outcome);
        }
        int number = assignment.shard().number();
        return local(engine, collection, number)
                .write(term, rows.select(positions, writer, acceptOlder))
                .thenApply(result -> outcome.add(number, positions, result));
    }

    private ArbalestException notOwner(IncomingRows rows, int row) {
        return new ArbalestException(
                ErrorCode.NOT_OWNER,
                "row "
                        + row
                        + " with key '"
                        + rows.key(row)
                        + "' belongs to shard "
                        + KeyHash.shardOf(collection, rows.key(row)).shard().number()
                        + ", the stream is for shard "
                        + assignment.shard().number(),
                "send each row to the shard of its key's hash, or leave the shard out and let the"
                        + " node split");
    }

    /**
     * This node's shard, when it knows the fields that the collection has by now; refused with
     * NOT_OWNER, STALE_INCARNATION or SHARD_NOT_READY.
     */
    static Shard local(Engine engine, ClusterImage.Collection collection, int number) {
        String name = collection.definition().name();
        Shard shard =
                engine.shard(name, number)
                        .orElseThrow(() ->
                                new ArbalestException(
                                        ErrorCode.NOT_OWNER,
                                        "shard "
                                                + number
                                                + " of '"
                                                + name
                                                + "' is not on this node; "
                                                + ImageView.shard(collection, number).primary()
                                                + " serves it",
                                        "read the cluster image again and send to that node"));
        if (!shard.id().incarnation().equals(collection.definition().incarnation())) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "collection '"
                            + name
                            + "' was dropped and created again while the stream was open",
                    "read the cluster image again and open another stream");
        }
        awaitFields(shard, collection.definition().fields().size());
        return shard;
    }

    private static void awaitFields(Shard shard, int count) {
        if (shard.collection().fields().size() >= count) {
            return;
        }
        try {
            shard.fieldsKnown(count).get(FIELD_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw OpenCalls.shuttingDown();
        } catch (ExecutionException | TimeoutException e) {
            throw new ArbalestException(
                    ErrorCode.SHARD_NOT_READY,
                    "shard "
                            + shard.id().number()
                            + " of '"
                            + shard.collection().name()
                            + "' does not know yet that a field was added",
                    "try again in a moment",
                    e);
        }
    }

    @Override
    public void close() {}
}
