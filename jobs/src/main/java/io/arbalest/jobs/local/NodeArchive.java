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

/**
 * The class-data archive (JEP 350) of a node's class path. A node that is given it starts in about
 * half the time, most of which goes into loading classes.
 *
 * <p>Made once a build, by starting a node and stopping it. A node whose class path has changed
 * since ignores its archive, and one without an archive is only slower: no failure to make one is
 * worth more than a slow start.
 *
 * <p>Thread-safe; several processes may ask at once.
 */
final class NodeArchive {
    private static final Path TARGET = Path.of("index-service", "server", "target");
    private static final String NAME = "node.jsa";

    /** The one that this JVM has already looked for, with the flags for it. */
    private static @Nullable Found found; // guarded by NodeArchive.class

    private record Found(Path root, List<String> flags) {}

    private NodeArchive() {}

    /** JVM flags of a node that shall use the archive, which is made if there is none. */
    static synchronized List<String> flags(Repository repository) {
        if (found == null || !found.root().equals(repository.root())) {
            found = new Found(repository.root(), List.of()); // the node that makes it asks as well
            found = new Found(repository.root(), find(repository));
        }
        return found.flags();
    }

    private static List<String> find(Repository repository) {
        Path target = repository.root().resolve(TARGET);
        Path archive = target.resolve(NAME);
        try (FileChannel channel =
                FileChannel.open(target.resolve(NAME + ".lock"), CREATE, WRITE)) {
            channel.lock(); // until the channel is closed
            if (!isFresh(archive, repository.serverClassPath())) {
                make(archive);
            }
        } catch (IOException | ArbalestException e) {
            return List.of();
        }
        return List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto");
    }

    private static boolean isFresh(Path archive, String classPath) throws IOException {
        if (!Files.exists(archive)) {
            return false;
        }
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            if (Files.getLastModifiedTime(Path.of(entry))
                            .compareTo(Files.getLastModifiedTime(archive))
                    > 0) {
                return false;
            }
        }
        return true;
    }

    /** The JVM writes the archive of what it has loaded when it ends. */
    private static void make(Path archive) throws IOException {
        Path next = archive.resolveSibling(NAME + ".next");
        Files.deleteIfExists(next);
        Files.deleteIfExists(archive);
        Path directory = Files.createTempDirectory(archive.getParent(), "node-archive");
        List<String> flags = List.of("-XX:ArchiveClassesAtExit=" + next);
        try (NodeProcess node = NodeProcess.startCluster(directory, 1, Map.of(), flags).get(0)) {
            node.stop();
        } finally {
            DirectoryTree.delete(directory);
        }
        try (FileChannel written = FileChannel.open(next, WRITE)) {
            written.force(true); // a JVM trusts what it maps
        }
        Files.move(next, archive, StandardCopyOption.ATOMIC_MOVE);
    }
}
