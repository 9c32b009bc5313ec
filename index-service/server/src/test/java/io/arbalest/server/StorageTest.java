package io.arbalest.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** How {@code wal.io} becomes a disk. */
class StorageTest {
    @TempDir Path directory;

    private NodeConfig config(String io, Path dataDirectory) {
        return NodeConfig.of(
                ConfigReader.read(
                        null,
                        Map.of(
                                "ARBALEST_WAL_IO",
                                io,
                                "ARBALEST_NODE_DATA_DIR",
                                dataDirectory.toString())));
    }

    @Test
    void theDataDirectoryIsMadeAndLeftEmpty() throws IOException {
        Path data = directory.resolve("not/there/yet");
        assertThat(Node.storage(config("auto", data)).backend()).isNotEqualTo(Backend.AUTO);
        assertThat(data).isEmptyDirectory();
    }

    @Test
    void fileChannelIsTakenWithoutAWordWhenAskedFor() {
        assertThat(Node.storage(config("filechannel", directory)))
                .satisfies(storage -> {
                    assertThat(storage.backend()).isEqualTo(Backend.FILECHANNEL);
                    assertThat(storage.reason()).isEmpty();
                });
    }

    @Test
    void aDirectoryThatCannotBeMadeIsACodedError() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "x");
        assertThatThrownBy(() -> Node.storage(config("auto", file.resolve("data"))))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.IO_FAILED));
    }
}
