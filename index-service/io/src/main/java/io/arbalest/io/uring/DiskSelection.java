package io.arbalest.io.uring;

import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The disk that was chosen for a node, and why.
 *
 * <p>Immutable.
 *
 * @param backend {@link Backend#IO_URING} or {@link Backend#FILECHANNEL}
 * @param reason why it is not io_uring, in one line with the remedy; empty if it is, or if
 *     FileChannel was asked for
 */
public record DiskSelection(Disk disk, Backend backend, String reason) {
    private static final Logger LOG = System.getLogger(DiskSelection.class.getName());

    private static final String REMEDY = "; fix: ";

    /** The reason without the remedy. */
    public String cause() {
        int remedy = reason.indexOf(REMEDY);
        return remedy < 0 ? reason : reason.substring(0, remedy);
    }

    /** What may be asked for. */
    public enum Backend {
        /** io_uring where it works, else FileChannel. */
        AUTO,
        IO_URING,
        FILECHANNEL;

        /** The word in configuration files, for example {@code io_uring}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The back end of a word. */
        public static Optional<Backend> of(String word) {
            for (Backend backend : values()) {
                if (backend.word().equals(word)) {
                    return Optional.of(backend);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Probes what was asked for, by writing into the directory. {@code AUTO} falls back to
     * FileChannel and says so in one line of the log.
     *
     * @param directory existing; on the disk that will be used
     * @throws UringRefusedException if {@code IO_URING} was asked for and does not work
     * @throws IOException if the directory cannot be written
     */
    public static DiskSelection select(Backend asked, Path directory) throws IOException {
        if (asked == Backend.FILECHANNEL) {
            return new DiskSelection(new FileChannelDisk(), Backend.FILECHANNEL, "");
        }
        try {
            UringProbe.probe(directory);
            return new DiskSelection(new UringDisk(), Backend.IO_URING, "");
        } catch (UringRefusedException e) {
            if (asked == Backend.IO_URING) {
                throw e;
            }
            String reason = e.getMessage() + REMEDY + e.remedy();
            LOG.log(
                    Level.WARNING,
                    "the log is written with FileChannel, not io_uring, which is as durable:"
                            + " {0}",
                    reason);
            return new DiskSelection(new FileChannelDisk(), Backend.FILECHANNEL, reason);
        }
    }
}
