package io.arbalest.flight;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DeletedPoints;
import io.arbalest.client.Token;
import io.arbalest.common.Clock;
import io.arbalest.engine.DeleteResult;
import io.arbalest.engine.Engine;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.FilterText;
import io.arbalest.protocol.ReadPosition;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.DeleteWhere;
import io.arbalest.protocol.wire.DeleteWhereReply;
import io.arbalest.protocol.wire.MissingShard;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Deletes by filter: on this node's shards, one after the other; asks the other nodes with the
 * client if shards of theirs are meant, which names the shards of every node it asks, so that
 * nobody fans out again.
 *
 * <p>Thread-safe. Runs on the calling thread.
 */
final class FilteredDeletes {
    private static final int FIRST_CODE_OF_STATE = 2000;

    private final Engine engine;
    private final ImageView images;
    private final String nodeName;
    private final Supplier<ArbalestClient> client;
    private final Clock clock;

    FilteredDeletes(
            Engine engine,
            ImageView images,
            String nodeName,
            Supplier<ArbalestClient> client,
            Clock clock) {
        this.engine = engine;
        this.images = images;
        this.nodeName = nodeName;
        this.client = client;
        this.clock = clock;
    }

    /** Refused as the filter is, with FILTER_MISSING, LIMIT_EXCEEDED or MALFORMED_REQUEST. */
    DeleteWhereReply run(DeleteWhere request) {
        ClusterImage.Collection collection =
                images.require(
                        request.getCollection(), UuidBytes.fromWire(request.getIncarnation()));
        Filter filter = filter(request, collection);
        Question.Scope scope =
                Question.Scope.of(
                        collection,
                        request.getShardsList(),
                        request.getToken(),
                        request.getTimeoutMillis());
        boolean ownsAll =
                collection.shards().stream().allMatch(shard -> shard.primary().equals(nodeName));
        if (!scope.shards().isEmpty()) {
            return here(collection, scope, filter, request.getDryRun(), scope.shards());
        }
        if (ownsAll) {
            List<Integer> all =
                    collection.shards().stream().map(shard -> shard.shard().number()).toList();
            return here(collection, scope, filter, request.getDryRun(), all);
        }
        return everywhere(collection, scope, request);
    }

    private static @Nullable Filter filter(
            DeleteWhere request, ClusterImage.Collection collection) {
        boolean given = !request.getFilter().isBlank();
        if (given && request.getAll()) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "a delete has a filter and says that it means every point",
                    "leave one of them out");
        }
        if (!given && !request.getAll()) {
            throw new ArbalestException(
                    ErrorCode.FILTER_MISSING,
                    "a delete by filter has no filter",
                    "give a filter, or say that every point is meant");
        }
        return given ? FilterText.parseFor(collection.definition(), request.getFilter()) : null;
    }

    private DeleteWhereReply here(
            ClusterImage.Collection collection,
            Question.Scope scope,
            @Nullable Filter filter,
            boolean dryRun,
            List<Integer> shards) {
        long deadline = clock.monotonicNanos() + scope.timeout().toNanos();
        DeleteWhereReply.Builder reply = DeleteWhereReply.newBuilder();
        Map<Integer, Long> reached = new TreeMap<>();
        for (int shard : shards) {
            try {
                DeleteResult result =
                        RoutedTarget.local(engine, collection, shard)
                                .deleteWhere(
                                        filter, dryRun, scope.minSequenceNumber(shard), deadline);
                reply.setDeleted(reply.getDeleted() + result.deleted());
                reply.setChanged(reply.getChanged() + result.changed());
                ArbalestException failure = result.failure();
                if (failure != null) {
                    reply.addMissing(missing(shard, failure));
                } else if (!result.finished()) {
                    reply.addUnfinished(shard);
                }
                if (result.sequenceNumber() > 0) {
                    reached.put(shard, result.sequenceNumber());
                }
            } catch (RuntimeException e) {
                ArbalestException coded = Failures.coded(e);
                if (coded.code().number() < FIRST_CODE_OF_STATE) {
                    throw coded;
                }
                reply.addMissing(missing(shard, coded));
            }
        }
        return reply.setToken(
                        TokenCodec.toWire(
                                new ReadPosition(collection.definition().incarnation(), reached)))
                .build();
    }

    private static MissingShard missing(int shard, ArbalestException why) {
        return MissingShard.newBuilder().setShard(shard).setError(ErrorCodec.toWire(why)).build();
    }

    private DeleteWhereReply everywhere(
            ClusterImage.Collection collection, Question.Scope scope, DeleteWhere request) {
        ReadPosition position = scope.position();
        DeletedPoints done =
                Peers.knowing(client.get(), collection.definition())
                        .deleteWhere(
                                collection.definition().name(),
                                new ArbalestClient.DeleteOptions(
                                        request.getFilter(),
                                        request.getAll(),
                                        request.getDryRun(),
                                        Optional.ofNullable(position)
                                                .map(TokenCodec::toBytes)
                                                .map(Token::new),
                                        scope.timeout()));
        DeleteWhereReply.Builder reply =
                DeleteWhereReply.newBuilder()
                        .setDeleted(done.deleted())
                        .setChanged(done.changed())
                        .addAllUnfinished(done.unfinished());
        done.missing().forEach((shard, error) -> reply.addMissing(missing(shard, error)));
        return reply.setToken(TokenCodec.toWire(TokenCodec.fromBytes(done.token().bytes())))
                .build();
    }
}
