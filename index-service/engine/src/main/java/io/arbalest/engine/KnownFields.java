package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.CollectionDefinition;

import java.util.concurrent.CompletableFuture;

/**
 * The fields of its collection that a shard knows: they only become more. Writes are checked
 * against them.
 *
 * <p>Thread-safe; one thread grows it.
 */
final class KnownFields {
    /** What is known, with what follows from it. */
    private record Known(
            CollectionDefinition definition, RowCheck check, CompletableFuture<Void> more) {
        static Known of(CollectionDefinition definition) {
            return new Known(definition, new RowCheck(definition), new CompletableFuture<>());
        }
    }

    private volatile Known known;

    KnownFields(CollectionDefinition definition) {
        this.known = Known.of(definition);
    }

    CollectionDefinition definition() {
        return known.definition;
    }

    RowCheck check() {
        return known.check;
    }

    /** Adds what is not known yet, to the store first; for the applier. */
    void grow(ShardMetadata metadata, CollectionDefinition newer) {
        if (newer.fields().size() > known.definition.fields().size()) {
            metadata.addFields(newer);
            grow(newer);
        }
    }

    /** From now on writes may have these fields. */
    void grow(CollectionDefinition newer) {
        Known before = known;
        known = Known.of(newer);
        before.more.complete(null);
    }

    /** Completes when so many fields are known. */
    CompletableFuture<Void> known(int count) {
        Known now = known;
        return now.definition.fields().size() >= count
                ? CompletableFuture.completedFuture(null)
                : now.more.thenCompose(_ -> known(count));
    }
}
