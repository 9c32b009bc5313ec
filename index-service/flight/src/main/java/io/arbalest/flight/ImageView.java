package io.arbalest.flight;

import io.arbalest.common.Clock;
import io.arbalest.engine.ClusterCatalog;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardAssignment;
import io.arbalest.protocol.UuidBytes;

import java.time.Duration;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The cluster image as this node has applied it, for calls that may know more than it does:
 * somebody who has just created a collection through another node is not told that there is none,
 * but waits the moment until the decision arrives here.
 *
 * <p>Thread-safe.
 */
final class ImageView {
    /** How long a call waits for a collection that its sender has seen elsewhere. */
    private static final Duration KNOWN_PATIENCE = Duration.ofSeconds(2);

    /** How long a call waits for a collection that may not exist at all. */
    private static final Duration UNKNOWN_PATIENCE = Duration.ofMillis(250);

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final ClusterCatalog catalog;
    private final Clock clock;
    private final Object changed = new Object();

    ImageView(ClusterCatalog catalog, Clock clock) {
        this.catalog = catalog;
        this.clock = clock;
        catalog.onChange(_ -> {
            synchronized (changed) {
                changed.notifyAll();
            }
        });
    }

    ClusterImage image() {
        return catalog.image();
    }

    /**
     * The collection; refused with UNKNOWN_COLLECTION, or with STALE_INCARNATION if it is another
     * creation than the caller's.
     *
     * @param incarnation {@link UuidBytes#NONE}: any
     */
    ClusterImage.Collection require(String name, UUID incarnation) {
        return require(name, incarnation, _ -> true);
    }

    /**
     * As {@link #require(String, UUID)}; waits, as for a collection that may not exist, until the
     * collection is as the caller needs it, and returns it in any case: a field may have been added
     * elsewhere just now.
     */
    ClusterImage.Collection require(
            String name, UUID incarnation, Predicate<CollectionDefinition> needed) {
        await(name, incarnation, _ -> true, patience(incarnation));
        await(name, incarnation, needed, UNKNOWN_PATIENCE);
        return known(name, incarnation);
    }

    private static Duration patience(UUID incarnation) {
        return incarnation.equals(UuidBytes.NONE) ? UNKNOWN_PATIENCE : KNOWN_PATIENCE;
    }

    private void await(
            String name,
            UUID incarnation,
            Predicate<CollectionDefinition> needed,
            Duration patience) {
        long deadline = clock.monotonicNanos() + patience.toNanos();
        synchronized (changed) {
            while (!seen(name, incarnation, needed)) {
                long left = (deadline - clock.monotonicNanos()) / NANOS_PER_MILLI;
                if (left <= 0) {
                    break;
                }
                try {
                    changed.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw OpenCalls.shuttingDown();
                }
            }
        }
    }

    private ClusterImage.Collection known(String name, UUID incarnation) {
        boolean any = incarnation.equals(UuidBytes.NONE);
        ClusterImage.Collection found = catalog.image().requireCollection(name);
        if (any || found.definition().incarnation().equals(incarnation)) {
            return found;
        }
        throw new ArbalestException(
                ErrorCode.STALE_INCARNATION,
                "collection '"
                        + name
                        + "' was dropped and created again: expected incarnation "
                        + incarnation
                        + ", it is "
                        + found.definition().incarnation(),
                "read the cluster image again; tokens of the former collection are void");
    }

    private boolean seen(String name, UUID incarnation, Predicate<CollectionDefinition> needed) {
        ClusterImage.Collection found = catalog.image().collections().get(name);
        return found != null
                && (incarnation.equals(UuidBytes.NONE)
                        || found.definition().incarnation().equals(incarnation))
                && needed.test(found.definition());
    }

    /** The shard of this number; refused with MALFORMED_REQUEST. */
    static ShardAssignment shard(ClusterImage.Collection collection, int number) {
        return collection.shards().stream()
                .filter(shard -> shard.shard().number() == number)
                .findFirst()
                .orElseThrow(() ->
                        new ArbalestException(
                                ErrorCode.MALFORMED_REQUEST,
                                "collection '"
                                        + collection.definition().name()
                                        + "' has no shard "
                                        + number
                                        + ", it has "
                                        + collection.shards().size(),
                                "read the cluster image again"));
    }
}
