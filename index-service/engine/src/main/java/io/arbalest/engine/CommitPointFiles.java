package io.arbalest.engine;

import io.arbalest.common.CrashPoints;
import io.arbalest.io.Disk;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ShardId;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The commit points of one shard on its disk, as {@link CommitPointFormat} says.
 *
 * <p>An older commit point is removed, durably, before anything that it needs is: so while one is
 * there, its files and its part of the log are too, and it may stand in for a newer one that is
 * damaged. When the last one is damaged the shard is not opened.
 *
 * <p>Crash points: {@code commit-point.before-publish}, {@code commit-point.published}, {@code
 * commit-point.older-removed}.
 *
 * <p>Confined to one thread at a time.
 */
final class CommitPointFiles {
    private static final System.Logger LOG = System.getLogger(CommitPointFiles.class.getName());
    private static final Pattern NAME = Pattern.compile("commit-([0-9]{16})");

    private final Disk disk;
    private final Path directory;
    private final ShardId shard;
    private final CrashPoints crashPoints;

    CommitPointFiles(Disk disk, Path directory, ShardId shard, CrashPoints crashPoints) {
        this.disk = disk;
        this.directory = directory;
        this.shard = shard;
        this.crashPoints = crashPoints;
    }

    /**
     * The newest commit point; null: the shard never had one.
     *
     * @throws ArbalestException STORE_FAILED if none of those that are there can be read,
     *     UNSUPPORTED_FORMAT_VERSION
     */
    @Nullable CommitPoint load() throws IOException {
        ArbalestException damage = null;
        for (String name : names().reversed()) {
            Path file = directory.resolve(name);
            try {
                CommitPoint point = CommitPointFormat.decode(disk.readAll(file), shard);
                if (!name(point.generation()).equals(name)) {
                    throw new ArbalestException(
                            ErrorCode.STORE_FAILED,
                            "the commit point calls itself " + point.generation(),
                            ArbalestException.REFILL);
                }
                return point;
            } catch (ArbalestException e) {
                if (e.code() != ErrorCode.STORE_FAILED) {
                    throw e;
                }
                ArbalestException named = e.prefixed(file + ": ");
                LOG.log(Level.WARNING, named.getMessage());
                damage = damage == null ? named : damage;
            }
        }
        if (damage != null) {
            throw damage;
        }
        return null;
    }

    /** Makes this the shard's commit point; when this returns, a restart finds it. */
    void publish(CommitPoint point) throws IOException {
        String name = name(point.generation());
        crashPoints.hit("commit-point.before-publish");
        disk.publish(directory.resolve(name), CommitPointFormat.encode(point, shard));
        crashPoints.hit("commit-point.published");
        boolean removed = false;
        for (String other : names()) {
            if (other.compareTo(name) < 0) {
                disk.delete(directory.resolve(other));
                removed = true;
            }
        }
        if (removed) {
            disk.syncDirectory(directory);
        }
        crashPoints.hit("commit-point.older-removed");
    }

    private List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : disk.list(directory)) {
            if (NAME.matcher(name).matches()) {
                names.add(name);
            }
        }
        return names;
    }

    private static String name(long generation) {
        return String.format(Locale.ROOT, "commit-%016d", generation);
    }
}
