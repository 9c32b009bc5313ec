package io.arbalest.testkit;

import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;

import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** The contract through the page cache, as on a file system that refuses O_DIRECT. */
class BufferedFileChannelDiskTest extends DiskContract {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final Disk disk = new FileChannelDisk(false);

    @Override
    Disk disk() {
        return disk;
    }

    @Override
    Path directory() {
        return directory;
    }
}
