package io.arbalest.wal;

import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
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
     * Makes stable what was found: a process that was killed while it wrote may have left a whole
     * batch where a read sees it and a power cut would lose it, and the next file will state that
     * it was there. Only the last file can hold one.
     */
    void sync(Disk disk) throws IOException {
        if (!files.isEmpty()) {
            try (BlockFile last = disk.open(files.getLast().path())) {
                last.sync();
            }
        }
    }

    /**
     * One file.
     *
     * @param end offset at which its valid records end
     */
    record ValidFile(Path path, FileHeader header, long end) {}
}
