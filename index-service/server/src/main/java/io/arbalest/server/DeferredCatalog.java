package io.arbalest.server;

import io.arbalest.engine.ClusterCatalog;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Stands in for the catalog until the metadata group's member has started, so that the Flight port
 * can start beside it. Until then the image is empty and changes fail with METADATA_UNAVAILABLE,
 * which clients retry.
 *
 * <p>Thread-safe.
 */
final class DeferredCatalog implements ClusterCatalog {
    private final List<Consumer<ClusterImage>> early = new ArrayList<>(); // guarded by this
    private volatile @Nullable ClusterCatalog catalog;

    /** Hands everything over; once. */
    synchronized void set(ClusterCatalog started) {
        catalog = started;
        early.forEach(started::onChange);
        early.clear();
    }

    @Override
    public ClusterImage image() {
        ClusterCatalog started = catalog;
        return started == null ? ClusterImage.EMPTY : started.image();
    }

    @Override
    public synchronized void onChange(Consumer<ClusterImage> listener) {
        if (catalog != null) {
            catalog.onChange(listener);
        } else {
            early.add(listener);
        }
    }

    @Override
    public CompletableFuture<ClusterImage.Collection> createCollection(
            CollectionDefinition definition, boolean ifNotExists) {
        ClusterCatalog started = catalog;
        return started == null ? notYet() : started.createCollection(definition, ifNotExists);
    }

    @Override
    public CompletableFuture<ClusterImage.Collection> addField(String collection, Field field) {
        ClusterCatalog started = catalog;
        return started == null ? notYet() : started.addField(collection, field);
    }

    @Override
    public CompletableFuture<ClusterImage> dropCollection(String name, boolean ifExists) {
        ClusterCatalog started = catalog;
        return started == null ? notYet() : started.dropCollection(name, ifExists);
    }

    private static <T> CompletableFuture<T> notYet() {
        return CompletableFuture.failedFuture(
                new ArbalestException(
                        ErrorCode.METADATA_UNAVAILABLE,
                        "this node has not joined the metadata group yet",
                        "retry when /readyz answers 200"));
    }
}
