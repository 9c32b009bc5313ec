package io.arbalest.jobs.local;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.arbalest.model.ArbalestException;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The class-data archive (JEP 350) of a node's class path. A node that is given it starts in about
 * half the time, most of which goes into loading classes.
 *
 * <p>Made once a build, by starting a node and stopping it. A text beside it says of which JVM and
 * of which jars it is, because the JVM ignores an archive of others without a word. A node without
 * an archive is only slower: no failure to make one is worth more than a slow start. There is none
 * where classes lie in directories, which the JVM does not archive.
 *
 * <p>Thread-safe; several processes may ask at once.
 */
final class NodeArchive {
    private static final Path TARGET = Path.of("index-service", "server", "target");
    private static final String NAME = "node.jsa";

    /**
     * As in the nodes' own flags, but for the archive: the JVM reports each module flag that its
     * built-in archive was made without as an error, and uses both archives all the same.
     */
    private static final String QUIET = "-Xlog:all=error,cds*=off,aot*=off:stderr";

    /** What this JVM has found before, by what it was looking for. */
    private static @Nullable Found found; // guarded by NodeArchive.class

    private record Found(String origin, List<String> flags) {}

    private final Path archive;
    private final String origin;

    /**
     * @param origin what the archive is of
     */
    private NodeArchive(Path archive, String origin) {
        this.archive = archive;
        this.origin = origin;
    }

    /**
     * JVM flags of a node that shall use the archive, which is made if there is none.
     *
     * @param classPath the node's, as it will be started
     */
    static synchronized List<String> flags(
            Repository repository, JavaRuntime java, String classPath) {
        try {
            String origin = java + "\n" + files(classPath);
            if (found == null || !found.origin().equals(origin)) {
                found = new Found(origin, List.of()); // the node that makes it asks as well
                Path archive = repository.root().resolve(TARGET).resolve(NAME);
                found = new Found(origin, new NodeArchive(archive, origin).find());
            }
            return found.flags();
        } catch (IOException | ArbalestException e) {
            return List.of();
        }
    }

    /** The entries of a class path as the JVM tells them apart: by time and size. */
    private static String files(String classPath) throws IOException {
        StringBuilder files = new StringBuilder();
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path file = Path.of(entry);
            if (!Files.isRegularFile(file)) {
                throw new IOException(file + " is not a jar");
            }
            files.append(file)
                    .append(' ')
                    .append(Files.getLastModifiedTime(file).toMillis())
                    .append(' ')
                    .append(Files.size(file))
                    .append('\n');
        }
        return files.toString();
    }

    private List<String> find() throws IOException {
        if (!isThere()) {
            try (FileChannel channel = FileChannel.open(beside(".lock"), CREATE, WRITE)) {
                channel.lock(); // until the channel is closed
                if (!isThere()) {
                    make();
                }
            }
        }
        return List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", QUIET);
    }

    private boolean isThere() throws IOException {
        Path text = beside(".origin");
        return Files.exists(archive) && Files.exists(text) && Files.readString(text).equals(origin);
    }

    /** The JVM writes the archive of what it has loaded when it ends. */
    private void make() throws IOException {
        Path next = beside(".next");
        Files.deleteIfExists(beside(".origin"));
        Files.deleteIfExists(next);
        Path directory = Files.createTempDirectory(archive.getParent(), "node-archive");
        List<String> flags = List.of("-XX:ArchiveClassesAtExit=" + next);
        try (NodeProcess node = NodeProcess.startCluster(directory, 1, Map.of(), flags).get(0)) {
            int code = node.stop();
            if (code != 0) {
                throw new IOException("the node ended with exit code " + code);
            }
        } finally {
            DirectoryTree.delete(directory);
        }
        try (FileChannel written = FileChannel.open(next, WRITE)) {
            written.force(true); // a JVM trusts what it maps
        }
        Files.move(next, archive, StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(beside(".origin"), origin);
    }

    private Path beside(String suffix) {
        return archive.resolveSibling(Objects.requireNonNull(archive.getFileName()) + suffix);
    }
}
