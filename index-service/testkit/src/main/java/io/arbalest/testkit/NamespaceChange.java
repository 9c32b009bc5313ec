package io.arbalest.testkit;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * One change of a simulated disk's tree of names.
 *
 * <p>Immutable.
 */
sealed interface NamespaceChange {
    void applyTo(NavigableMap<Path, Entry> tree);

    record Put(Path path, Entry entry) implements NamespaceChange {
        @Override
        public void applyTo(NavigableMap<Path, Entry> tree) {
            tree.put(path, entry);
        }
    }

    record Remove(Path path) implements NamespaceChange {
        @Override
        public void applyTo(NavigableMap<Path, Entry> tree) {
            tree.remove(path);
        }
    }

    /** Moves an entry with everything below it. */
    record Move(Path from, Path to) implements NamespaceChange {
        @Override
        public void applyTo(NavigableMap<Path, Entry> tree) {
            TreeMap<Path, Entry> moved = new TreeMap<>();
            for (Map.Entry<Path, Entry> entry : tree.tailMap(from, true).entrySet()) {
                if (entry.getKey().startsWith(from)) {
                    moved.put(to.resolve(from.relativize(entry.getKey())), entry.getValue());
                }
            }
            tree.keySet().removeIf(path -> path.startsWith(from));
            moved.forEach((path, entry) -> tree.put(path.normalize(), entry));
        }
    }

    /** A directory, or a file's bytes. */
    record Entry(@Nullable SimFile file) {
        static final Entry DIRECTORY = new Entry(null);
    }
}
