package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.DirectoryInUseException;
import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/** The contract with O_DIRECT, where the file system of the build directory takes it. */
class FileChannelDiskTest extends DiskContract {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final Disk disk = new FileChannelDisk();

    @Override
    Disk disk() {
        return disk;
    }

    @Override
    Path directory() {
        return directory;
    }

    @Test
    void theLockHoldsAgainstAnotherProcess() throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path source = directory.resolve("Holder.java");
        Files.writeString(
                source,
                """
                public class Holder {
                    public static void main(String[] args) throws Exception {
                        var channel = java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0]),
                                java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE);
                        var lock = channel.lock();
                        channel.write(java.nio.ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes()));
                        System.out.println("locked");
                        System.in.read();
                    }
                }
                """);
        Process holder =
                new ProcessBuilder(
                                java.toString(),
                                source.toString(),
                                directory.resolve(FileChannelDisk.LOCK_FILE).toString())
                        .start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("locked");
            assertThatThrownBy(() -> disk.lock(directory))
                    .isInstanceOf(DirectoryInUseException.class)
                    .hasMessageContaining("process " + holder.pid());
        } finally {
            holder.destroyForcibly();
            assertThat(holder.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        disk.lock(directory).close();
    }

    @Test
    void theLockFileNamesTheOwner() throws Exception {
        try (AutoCloseable _ = disk.lock(directory)) {
            assertThat(Files.readString(directory.resolve(FileChannelDisk.LOCK_FILE)))
                    .isEqualTo(Long.toString(ProcessHandle.current().pid()));
        }
        try (FileChannel channel =
                        FileChannel.open(
                                directory.resolve(FileChannelDisk.LOCK_FILE),
                                StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            assertThat(lock.isValid()).isTrue();
        }
    }
}
