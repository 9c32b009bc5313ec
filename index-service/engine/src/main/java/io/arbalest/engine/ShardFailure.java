package io.arbalest.engine;

import io.arbalest.io.DiskFullException;
import io.arbalest.io.FileDamagedException;
import io.arbalest.io.UnsupportedFileFormatException;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.wal.LogCorruptException;
import io.arbalest.wal.UnsupportedLogFormatException;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/** The coded errors for what goes wrong with a shard. Thread-safe: no state. */
final class ShardFailure {
    private static final System.Logger LOG = System.getLogger(ShardCore.class.getName());

    private ShardFailure() {}

    /** Files cannot be mended in place: there is one copy of each shard. */
    private static final String REFILL =
            ArbalestException.REFILL
                    + ", from its topic for example; all other shards"
                    + " are served";

    /** For a full disk that is tried again. */
    static final String FREE_SPACE =
            "free space on the node's disk; writing then goes on by itself";

    private static final String FREE_SPACE_TO_OPEN =
            "free space on the node's disk, for four files of a log (wal.file-bytes) at least; the"
                    + " shard is then opened by itself";

    /** What a shard says that could not be opened. */
    static ArbalestException opening(String shard, Throwable cause) {
        if (cause instanceof ArbalestException full && full.code() == ErrorCode.DISK_FULL) {
            return new ArbalestException(
                    ErrorCode.DISK_FULL,
                    "shard " + shard + " cannot be opened: " + full.detail(),
                    FREE_SPACE_TO_OPEN,
                    full);
        }
        if (cause instanceof ArbalestException coded) {
            return coded.prefixed("shard " + shard + " cannot be opened: ");
        }
        ErrorCode code =
                switch (cause) {
                    case LogCorruptException _ -> ErrorCode.LOG_CORRUPT;
                    case UnsupportedLogFormatException _ -> ErrorCode.UNSUPPORTED_FORMAT_VERSION;
                    case UnsupportedFileFormatException _ -> ErrorCode.UNSUPPORTED_FORMAT_VERSION;
                    case FileDamagedException _ -> ErrorCode.SEGMENT_CORRUPT;
                    case DiskFullException _ -> ErrorCode.DISK_FULL;
                    case IOException _ -> ErrorCode.IO_FAILED;
                    default -> ErrorCode.INTERNAL;
                };
        String fix =
                switch (code) {
                    case LOG_CORRUPT, SEGMENT_CORRUPT -> REFILL;
                    case UNSUPPORTED_FORMAT_VERSION ->
                            "run the release that wrote it, or a later one";
                    case DISK_FULL -> FREE_SPACE_TO_OPEN;
                    default -> "see the node's log, then restart the node";
                };
        String what = cause instanceof IOException ? cause.getMessage() : cause.toString();
        return new ArbalestException(
                code, "shard " + shard + " cannot be opened: " + what, fix, cause);
    }

    /** What a shard says whose files turned out to be damaged while it was served. */
    static ArbalestException damage(String shard, FileDamagedException damage) {
        return new ArbalestException(
                ErrorCode.SEGMENT_CORRUPT,
                "shard " + shard + " cannot be read: " + damage.getMessage(),
                REFILL,
                damage);
    }

    /** A file that a shard needs could not be written for want of space; it is tried again. */
    static ArbalestException noRoomFor(Path file, DiskFullException cause) {
        return new ArbalestException(
                ErrorCode.DISK_FULL,
                "cannot write " + file + ": " + cause.getMessage(),
                "free space on the node's disk; it is then tried again",
                cause);
    }

    /** What a shard says that cannot write its segments or its store for want of space. */
    static ArbalestException noRoom(String shard, Exception cause) {
        return new ArbalestException(
                ErrorCode.DISK_FULL,
                "shard " + shard + " takes no writes: " + cause.getMessage(),
                FREE_SPACE,
                cause);
    }

    /** What a shard says whose store took no rows for want of space. */
    static ArbalestException storeFull(String shard, ArbalestException cause) {
        return new ArbalestException(
                ErrorCode.DISK_FULL,
                "shard " + shard + " takes no writes: the store has no room: " + cause.detail(),
                FREE_SPACE,
                cause);
    }

    /** What a shard says that takes no writes any more. */
    static ArbalestException writing(String shard, ErrorCode code, String what, Throwable cause) {
        return cause instanceof ArbalestException coded
                ? coded
                : new ArbalestException(
                        code,
                        "shard " + shard + ": " + what + ": " + cause,
                        "restart the node",
                        cause);
    }

    /** One line for what was foreseen, a stack trace for what was not. */
    static void report(String what, Throwable cause) {
        if (cause instanceof ArbalestException || cause instanceof IOException) {
            LOG.log(Level.ERROR, what + ": " + cause.getMessage());
        } else {
            LOG.log(Level.ERROR, what, cause);
        }
    }
}
