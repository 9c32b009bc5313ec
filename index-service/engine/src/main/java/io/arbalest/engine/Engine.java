package io.arbalest.engine;

import io.arbalest.model.ClusterImage;

import java.util.List;
import java.util.Optional;

/** The shards of this node. Opens and closes them as the metadata group decides. Thread-safe. */
public interface Engine extends AutoCloseable {
    /**
     * Makes the set of open shards match the image: opens (recovering from the log, in the
     * background) what this node owns, closes what it does not, removes the files of dropped
     * collections.
     */
    void follow(ClusterImage image);

    /** The shard, in whatever state, if this node owns it. */
    Optional<Shard> shard(String collection, int number);

    /** This node's shards of a collection, or of all collections if the name is empty. */
    List<Shard> shards(String collection);

    /** Whether every shard that this node owns is serving or failed, not recovering. */
    boolean ready();

    @Override
    void close();
}
