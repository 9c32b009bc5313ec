package io.arbalest.wal;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.List;

/**
 * What recovery found: the files with their valid parts, and where the log goes on.
 *
 * <p>Immutable.
 *
 * @param files lowest number first
 * @param end behind the last valid record
 * @param mark the newest of {@code CURRENT}, or null if the directory holds no log yet
 * @param tornTail whether an unfinished write was found behind the end; it is left where it is and
 *     never read again
 */
record RecoveredLog(
        List<ValidFile> files, LogPosition end, @Nullable DurableMark mark, boolean tornTail) {
    RecoveredLog {
        files = List.copyOf(files);
    }

    /**
     * One file.
     *
     * @param end offset at which its valid records end
     */
    record ValidFile(Path path, FileHeader header, long end) {}
}
