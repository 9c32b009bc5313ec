package io.arbalest.benchmarks.shard;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories that go when a measurement ends. Thread-safe: no state. */
public final class Directories {
    private Directories() {}

    /** What needs a directory. */
    @FunctionalInterface
    public interface Work {
        void in(Path directory) throws Exception;
    }

    /** Runs something with a new directory, and removes it with all that is in it. */
    public static void temporary(String prefix, Work work) throws Exception {
        Path directory = Files.createTempDirectory(prefix);
        try {
            work.in(directory);
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
