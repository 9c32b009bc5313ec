package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.io.Disk;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.io.uring.UringDisk;
import io.arbalest.io.uring.UringRefusedException;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;

/** The contract through io_uring; skipped, with the cause, where the kernel refuses it. */
class UringDiskTest extends DiskContract {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final Disk disk = new UringDisk();

    @BeforeEach
    void requireUring() throws IOException {
        try {
            DiskSelection selected = DiskSelection.select(Backend.IO_URING, directory);
            assertThat(selected.disk()).isInstanceOf(UringDisk.class);
            assertThat(disk.list(directory)).as("the probe cleans up").isEmpty();
        } catch (UringRefusedException e) {
            Assumptions.abort(String.valueOf(e.getMessage()));
        }
    }

    @Override
    Disk disk() {
        return disk;
    }

    @Override
    Path directory() {
        return directory;
    }
}
