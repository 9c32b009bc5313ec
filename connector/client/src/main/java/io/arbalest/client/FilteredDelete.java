package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.ActionNames;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.FilterText;
import io.arbalest.protocol.ReadPosition;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.DeleteWhere;
import io.arbalest.protocol.wire.DeleteWhereReply;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * One delete by filter: every node that owns a shard of the collection is asked at the same time,
 * for its own shards.
 *
 * <p>Confined to the caller's thread.
 */
final class FilteredDelete {
    /** How much longer than its timeout a node may take to say how far it came. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Codes below are about the request itself: no shard can answer it. */
    private static final int FIRST_STATE_CODE = 2000;

    private record Asked(List<Integer> shards, CompletableFuture<DeleteWhereReply> reply) {}

    private final NodeConnections connections;
    private final ClientThreads threads;
    private final ClusterImage image;
    private final CollectionDefinition definition;
    private final ArbalestClient.DeleteOptions options;

    private long deleted;
    private long changed;
    private final List<Integer> unfinished = new ArrayList<>();
    private final Map<Integer, ArbalestException> missing = new TreeMap<>();
    private ReadPosition position;
    private @Nullable ArbalestException refusal;

    FilteredDelete(
            NodeConnections connections,
            ClientThreads threads,
            ClusterImage image,
            CollectionDefinition definition,
            ArbalestClient.DeleteOptions options) {
        this.connections = connections;
        this.threads = threads;
        this.image = image;
        this.definition = definition;
        this.options = options;
        this.position = new ReadPosition(definition.incarnation(), Map.of());
    }

    /**
     * Asks and waits.
     *
     * @throws ArbalestException if the request itself is refused, before anything is deleted
     */
    DeletedPoints run() {
        FilterText.checkLength(options.filter());
        Map<String, List<Integer>> byNode = new TreeMap<>();
        image.requireCollection(definition.name())
                .shards()
                .forEach(shard ->
                        byNode.computeIfAbsent(shard.primary(), node -> new ArrayList<>())
                                .add(shard.shard().number()));
        List<Asked> asked = new ArrayList<>();
        byNode.forEach((node, shards) ->
                asked.add(
                        new Asked(
                                shards,
                                CompletableFuture.supplyAsync(
                                        () -> ask(node, shards), threads.callers()))));
        asked.forEach(this::await);
        ArbalestException refused = refusal;
        if (refused != null && deleted == 0 && changed == 0) {
            throw refused;
        }
        return new DeletedPoints(
                deleted, changed, unfinished, missing, new Token(TokenCodec.toBytes(position)));
    }

    private DeleteWhereReply ask(String node, List<Integer> shards) {
        DeleteWhere.Builder request =
                DeleteWhere.newBuilder()
                        .setCollection(definition.name())
                        .setIncarnation(UuidBytes.toWire(definition.incarnation()))
                        .setFilter(options.filter())
                        .setAll(options.all())
                        .setDryRun(options.dryRun())
                        .setTimeoutMillis((int) options.timeout().toMillis())
                        .addAllShards(shards);
        options.token()
                .ifPresent(token ->
                        request.setToken(TokenCodec.toWire(TokenCodec.fromBytes(token.bytes()))));
        return connections
                .toNode(image, node)
                .call(
                        ActionNames.DELETE_WHERE,
                        request.build().toByteArray(),
                        DeleteWhereReply.parser(),
                        options.timeout().plus(GRACE));
    }

    private void await(Asked asked) {
        DeleteWhereReply reply;
        try {
            reply = asked.reply.join();
        } catch (CompletionException e) {
            ArbalestException coded =
                    e.getCause() instanceof ArbalestException known
                            ? known
                            : new ArbalestException(
                                    ErrorCode.INTERNAL, String.valueOf(e.getCause()), "", e);
            if (coded.code().number() < FIRST_STATE_CODE) {
                refusal = coded;
            }
            asked.shards.forEach(shard -> missing.put(shard, coded));
            return;
        }
        deleted += reply.getDeleted();
        changed += reply.getChanged();
        unfinished.addAll(reply.getUnfinishedList());
        reply.getMissingList()
                .forEach(shard ->
                        missing.put(shard.getShard(), ErrorCodec.fromWire(shard.getError())));
        if (reply.getToken().getPositionsCount() > 0) {
            position = position.merge(TokenCodec.fromWire(reply.getToken()));
        }
    }
}
