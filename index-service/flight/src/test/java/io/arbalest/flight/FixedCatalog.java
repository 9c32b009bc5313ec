package io.arbalest.flight;

import io.arbalest.engine.ClusterCatalog;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.HashRange;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * A metadata group of one, in memory: decides at once and deals shards round-robin to the nodes it
 * knows.
 */
final class FixedCatalog implements ClusterCatalog {
    private final List<Consumer<ClusterImage>> listeners = new CopyOnWriteArrayList<>();
    private volatile ClusterImage image = ClusterImage.EMPTY;

    @Override
    public ClusterImage image() {
        return image;
    }

    @Override
    public void onChange(Consumer<ClusterImage> listener) {
        listeners.add(listener);
        listener.accept(image);
    }

    synchronized void register(String name, int flightPort) {
        Map<String, NodeInfo> nodes = new TreeMap<>(image.nodes());
        nodes.put(name, new NodeInfo(name, new UUID(1, nodes.size()), "127.0.0.1", flightPort, 0));
        publish(new ClusterImage(image.index() + 1, nodes, image.collections()));
    }

    @Override
    public synchronized CompletableFuture<ClusterImage.Collection> createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        ClusterImage.Collection existing = image.collections().get(definition.name());
        if (existing != null) {
            return ifNotExists
                    ? CompletableFuture.completedFuture(existing)
                    : CompletableFuture.failedFuture(
                            new ArbalestException(
                                    ErrorCode.COLLECTION_EXISTS, definition.name(), ""));
        }
        UUID incarnation = new UUID(2, image.index());
        List<String> nodes = List.copyOf(image.nodes().keySet());
        List<ShardAssignment> shards = new ArrayList<>();
        for (int number = 0; number < definition.shardCount(); number++) {
            String primary = nodes.get(number % nodes.size());
            shards.add(
                    new ShardAssignment(
                            new ShardId(incarnation, number),
                            HashRange.ofEqualParts(number, definition.shardCount()),
                            1,
                            1,
                            primary,
                            List.of(primary),
                            List.of()));
        }
        ClusterImage.Collection created =
                new ClusterImage.Collection(
                        new CollectionDefinition(
                                definition.name(),
                                incarnation,
                                definition.keyType(),
                                definition.dimension(),
                                definition.metric(),
                                definition.hnsw(),
                                definition.fields(),
                                definition.shardCount(),
                                definition.replicationFactor()),
                        shards);
        Map<String, ClusterImage.Collection> collections = new TreeMap<>(image.collections());
        collections.put(definition.name(), created);
        publish(new ClusterImage(image.index() + 1, image.nodes(), collections));
        return CompletableFuture.completedFuture(created);
    }

    @Override
    public synchronized CompletableFuture<ClusterImage.Collection> addField(
            String collection, Field field) {
        ClusterImage.Collection known = image.collections().get(collection);
        if (known == null) {
            return CompletableFuture.failedFuture(
                    new ArbalestException(ErrorCode.UNKNOWN_COLLECTION, collection, ""));
        }
        ClusterImage.Collection grown;
        try {
            grown = new ClusterImage.Collection(known.definition().with(field), known.shards());
        } catch (ArbalestException e) {
            return CompletableFuture.failedFuture(e);
        }
        Map<String, ClusterImage.Collection> collections = new TreeMap<>(image.collections());
        collections.put(collection, grown);
        publish(new ClusterImage(image.index() + 1, image.nodes(), collections));
        return CompletableFuture.completedFuture(grown);
    }

    @Override
    public synchronized CompletableFuture<ClusterImage> dropCollection(
            String name, boolean ifExists) {
        if (!image.collections().containsKey(name) && !ifExists) {
            return CompletableFuture.failedFuture(
                    new ArbalestException(ErrorCode.UNKNOWN_COLLECTION, name, ""));
        }
        Map<String, ClusterImage.Collection> collections = new TreeMap<>(image.collections());
        collections.remove(name);
        publish(new ClusterImage(image.index() + 1, image.nodes(), collections));
        return CompletableFuture.completedFuture(image);
    }

    private void publish(ClusterImage newer) {
        image = newer;
        listeners.forEach(listener -> listener.accept(newer));
    }
}
