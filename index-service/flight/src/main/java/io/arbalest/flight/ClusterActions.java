package io.arbalest.flight;

import com.google.protobuf.Message;

import io.arbalest.engine.ClusterCatalog;
import io.arbalest.engine.Engine;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardStatistics;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.DefinitionCodec;
import io.arbalest.protocol.Descriptors;
import io.arbalest.protocol.ImageCodec;
import io.arbalest.protocol.wire.AddField;
import io.arbalest.protocol.wire.CreateCollection;
import io.arbalest.protocol.wire.DeleteWhere;
import io.arbalest.protocol.wire.DropCollection;
import io.arbalest.protocol.wire.ShardStatus;
import io.arbalest.protocol.wire.ShardStatusReply;
import io.arbalest.protocol.wire.ShardStatusRequest;

import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The actions of wire.proto. Changes wait until this node has applied them, so that the next call
 * on this node sees them.
 *
 * <p>Thread-safe.
 */
final class ClusterActions {
    /** How long a change of the metadata group may take before the caller is told to look again. */
    private static final Duration CHANGE_PATIENCE = Duration.ofSeconds(30);

    static final List<ActionType> TYPES =
            List.of(
                    new ActionType(
                            ActionNames.CLUSTER_IMAGE,
                            "nodes, collections and shard map; no body -> ClusterImage"),
                    new ActionType(
                            ActionNames.CREATE_COLLECTION, "CreateCollection -> CollectionState"),
                    new ActionType(ActionNames.ADD_FIELD, "AddField -> CollectionState"),
                    new ActionType(ActionNames.DELETE_WHERE, "DeleteWhere -> DeleteWhereReply"),
                    new ActionType(ActionNames.DROP_COLLECTION, "DropCollection -> ClusterImage"),
                    new ActionType(
                            ActionNames.SHARD_STATUS,
                            "ShardStatusRequest -> ShardStatusReply, this node's shards"));

    private final Engine engine;
    private final ClusterCatalog catalog;
    private final String nodeName;
    private final FilteredDeletes deletes;

    ClusterActions(
            Engine engine, ClusterCatalog catalog, String nodeName, FilteredDeletes deletes) {
        this.engine = engine;
        this.catalog = catalog;
        this.nodeName = nodeName;
        this.deletes = deletes;
    }

    /** Runs one action on the calling thread. */
    Message run(Action action) {
        byte[] body = action.getBody() == null ? new byte[0] : action.getBody();
        return switch (action.getType()) {
            case ActionNames.CLUSTER_IMAGE -> ImageCodec.toWire(catalog.image());
            case ActionNames.CREATE_COLLECTION ->
                    create(Descriptors.parse(CreateCollection.parser(), body, "CreateCollection"));
            case ActionNames.ADD_FIELD ->
                    addField(Descriptors.parse(AddField.parser(), body, "AddField"));
            case ActionNames.DELETE_WHERE ->
                    deletes.run(Descriptors.parse(DeleteWhere.parser(), body, "DeleteWhere"));
            case ActionNames.DROP_COLLECTION ->
                    drop(Descriptors.parse(DropCollection.parser(), body, "DropCollection"));
            case ActionNames.SHARD_STATUS ->
                    status(
                            Descriptors.parse(
                                    ShardStatusRequest.parser(), body, "ShardStatusRequest"));
            default ->
                    throw new ArbalestException(
                            ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                            "unknown action '" + action.getType() + "'",
                            "list the actions of this node; there are "
                                    + TYPES.stream().map(ActionType::getType).toList());
        };
    }

    private Message create(CreateCollection request) {
        return ImageCodec.toWire(
                await(
                        catalog.createCollection(
                                DefinitionCodec.fromWire(request.getDefinition()),
                                request.getIfNotExists()),
                        "creating collection " + request.getDefinition().getName()));
    }

    private Message addField(AddField request) {
        return ImageCodec.toWire(
                await(
                        catalog.addField(
                                request.getCollection(),
                                DefinitionCodec.fromWire(request.getField())),
                        "adding field "
                                + request.getField().getName()
                                + " to collection "
                                + request.getCollection()));
    }

    private Message drop(DropCollection request) {
        return ImageCodec.toWire(
                await(
                        catalog.dropCollection(request.getName(), request.getIfExists()),
                        "dropping collection " + request.getName()));
    }

    private Message status(ShardStatusRequest request) {
        if (!request.getCollection().isEmpty()) {
            catalog.image().requireCollection(request.getCollection());
        }
        ShardStatusReply.Builder reply = ShardStatusReply.newBuilder().setNode(nodeName);
        for (Shard shard : engine.shards(request.getCollection())) {
            reply.addShards(status(shard));
        }
        return reply.build();
    }

    private static ShardStatus status(Shard shard) {
        ShardStatistics statistics = shard.statistics();
        return ShardStatus.newBuilder()
                .setCollection(shard.collection().name())
                .setShard(shard.id().number())
                .setTerm(statistics.term())
                .setState(statistics.state().name())
                .setDurableSequenceNumber(statistics.durableSequenceNumber())
                .setAppliedSequenceNumber(statistics.appliedSequenceNumber())
                .setLivePoints(statistics.livePoints())
                .setLinkedPoints(statistics.linkedPoints())
                .setTailPoints(statistics.tailPoints())
                .setTombstones(statistics.tombstones())
                .setStaleRows(statistics.staleRows())
                .setDuplicateRows(statistics.duplicateRows())
                .setWalBytes(statistics.walBytes())
                .setError(statistics.error())
                .build();
    }

    private static <T> T await(CompletableFuture<T> future, String what) {
        try {
            return future.get(CHANGE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw Failures.coded(e);
        } catch (TimeoutException e) {
            throw new ArbalestException(
                    ErrorCode.METADATA_UNAVAILABLE,
                    what + " was not decided within " + CHANGE_PATIENCE.toSeconds() + " s",
                    "check that a majority of cluster.members runs; the change may still happen",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw OpenCalls.shuttingDown();
        }
    }
}
