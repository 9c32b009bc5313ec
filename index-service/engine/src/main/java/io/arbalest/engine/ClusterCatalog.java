package io.arbalest.engine;

import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * What the metadata group has decided, as this node has applied it, and the way to ask for a
 * change. Implemented by cluster, handed to flight by server. Thread-safe.
 */
public interface ClusterCatalog {
    /** The newest image applied here; never blocks. */
    ClusterImage image();

    /**
     * Calls the listener with every newer image, in order, from one thread; first with the present
     * one.
     */
    void onChange(Consumer<ClusterImage> listener);

    /**
     * Creates a collection and assigns its shards; completes when this node has applied it. Fails
     * with {@code COLLECTION_EXISTS} unless {@code ifNotExists}, and then returns the existing one.
     *
     * @param definition its incarnation is ignored; the group chooses one
     */
    CompletableFuture<ClusterImage.Collection> createCollection(
            CollectionDefinition definition, boolean ifNotExists);

    /**
     * Adds a field to a collection; completes when this node has applied it. The very field again
     * changes nothing; another one of that name fails with {@code FIELD_EXISTS}, one too many with
     * {@code INVALID_DEFINITION}.
     */
    CompletableFuture<ClusterImage.Collection> addField(String collection, Field field);

    /** Drops a collection; fails with {@code UNKNOWN_COLLECTION} unless {@code ifExists}. */
    CompletableFuture<ClusterImage> dropCollection(String name, boolean ifExists);
}
