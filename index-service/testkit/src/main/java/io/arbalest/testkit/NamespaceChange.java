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

    /** Whether it changes an entry of this very directory. */
    boolean isIn(Path directory);

    /** Whether it changes an entry below this directory. */
    boolean isBelow(Path directory);

    /** The same change, once a directory above it has been moved. */
    NamespaceChange after(Move move);

    /** Changes the entry of one path. */
    sealed interface OfOneEntry extends NamespaceChange {
        Path path();

        @Override
        default boolean isIn(Path directory) {
            return directory.equals(path().getParent());
        }

        @Override
        default boolean isBelow(Path directory) {
            return path().startsWith(directory);
        }
    }

    record Put(Path path, Entry entry) implements OfOneEntry {
        @Override
        public void applyTo(NavigableMap<Path, Entry> tree) {
            tree.put(path, entry);
        }

        @Override
        public Put after(Move move) {
            return new Put(move.moved(path), entry);
        }
    }

    /** Removes an entry with everything below it. */
    record Remove(Path path) implements OfOneEntry {
        @Override
        public void applyTo(NavigableMap<Path, Entry> tree) {
            tree.keySet().removeIf(entry -> entry.startsWith(path));
        }

        @Override
        public Remove after(Move move) {
            return new Remove(move.moved(path));
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

        @Override
        public boolean isIn(Path directory) {
            return directory.equals(from.getParent()) || directory.equals(to.getParent());
        }

        @Override
        public boolean isBelow(Path directory) {
            return from.startsWith(directory) && to.startsWith(directory);
        }

        @Override
        public Move after(Move move) {
            return new Move(move.moved(from), move.moved(to));
        }

        /** Where something is afterwards. */
        Path moved(Path path) {
            return path.startsWith(from) ? to.resolve(from.relativize(path)).normalize() : path;
        }
    }

    /** A directory, or a file's bytes. */
    record Entry(@Nullable SimFile file) {
        static final Entry DIRECTORY = new Entry(null);
    }
}
