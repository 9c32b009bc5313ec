package io.arbalest.engine;

import io.arbalest.metadata.KeyValueStore;

import java.nio.file.Path;

/**
 * Opens the key-value store of a shard: RocksDB in production, a sorted map in a simulation.
 * Thread-safe.
 */
@FunctionalInterface
public interface StoreFactory {
    KeyValueStore open(Path directory);
}
