package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

class RocksDbStoreTest extends KeyValueStoreContract {
    @TempDir private Path directory;

    private RocksDbEnvironment environment;
    private KeyValueStore store;

    @BeforeEach
    void open() {
        environment = new RocksDbEnvironment(8 << 20, 8 << 20);
        store = environment.open(directory.resolve("shard"));
    }

    @AfterEach
    void close() {
        environment.close();
    }

    @Override
    KeyValueStore store() {
        return store;
    }

    @Override
    KeyValueStore reopen() {
        store.close();
        store = environment.open(directory.resolve("shard"));
        return store;
    }

    @Test
    void refusesADirectoryThatIsOpenElsewhere() {
        assertThatThrownBy(() -> environment.open(directory.resolve("shard")))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.DIRECTORY_IN_USE));
    }

    @Test
    void keepsStoresApart() {
        KeyValueStore other = environment.open(directory.resolve("other"));
        store.write(List.of(put(Family.KEYS, "01", "aa")));
        assertThat(other.get(Family.KEYS, hex("01"))).isNull();
    }

    /** None of the ways to read may take what it cannot read for nothing. */
    @Test
    void aDamagedFileFailsEveryReaderAndIsNamed() throws IOException {
        List<KeyValueStore.Change> rows = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            rows.add(put(Family.ROWS, String.format("%08x", i), "aa".repeat(100)));
        }
        store.write(rows);
        store.flush();
        store.close();
        List<Path> tables;
        try (Stream<Path> files = Files.list(directory.resolve("shard"))) {
            tables = files.filter(file -> file.toString().endsWith(".sst")).toList();
        }
        assertThat(tables).isNotEmpty();
        for (Path table : tables) {
            try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
                file.seek(100);
                file.write(0x5A);
                file.seek(100);
                assertThat(file.read()).isEqualTo(0x5A);
            }
        }
        store = environment.open(directory.resolve("shard"));
        byte[] first = hex("00000000");
        assertNamed(() -> store.get(Family.ROWS, first));
        assertNamed(() -> store.multiGet(Family.ROWS, List.of(first, hex("00000001"))));
        assertNamed(() -> store.scan(Family.ROWS, new byte[0], (_, _) -> true));
        assertThat(store.get(Family.ROWS, hex(String.format("%08x", 1_999)))).isNotNull();
    }

    private static void assertNamed(ThrowingCallable read) {
        assertThatThrownBy(read)
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.STORE_FAILED);
                            assertThat(e.detail()).contains(".sst", "checksum", "computed");
                        });
    }

    @Test
    void closesUnderReadersWithoutHarm() throws Exception {
        store.write(List.of(put(Family.KEYS, "01", "aa")));
        CountDownLatch reading = new CountDownLatch(2);
        try (ExecutorService readers = Executors.newFixedThreadPool(2)) {
            List<Future<ArbalestException>> refusals =
                    List.of(
                            readers.submit(() -> readUntilRefused(reading)),
                            readers.submit(() -> readUntilRefused(reading)));
            assertThat(reading.await(20, TimeUnit.SECONDS)).isTrue();
            environment.close();
            for (Future<ArbalestException> refusal : refusals) {
                assertThat(refusal.get(20, TimeUnit.SECONDS).code())
                        .isEqualTo(ErrorCode.STORE_FAILED);
            }
        }
    }

    private ArbalestException readUntilRefused(CountDownLatch reading) {
        for (long reads = 0; ; reads++) {
            try {
                store.get(Family.KEYS, hex("01"));
            } catch (ArbalestException e) {
                return e;
            }
            if (reads == 100) {
                reading.countDown();
            }
        }
    }
}
