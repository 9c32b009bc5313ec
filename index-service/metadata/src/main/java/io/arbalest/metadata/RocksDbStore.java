package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;

/**
 * A shard's store in RocksDB: one database a shard, one column family for each {@link
 * KeyValueStore.Family}, named in lower case. RocksDB's own log is off and all families are flushed
 * together, so after a crash the store stands at some batch, whole.
 *
 * <p>A store whose flush finds the disk full refuses writes with DISK_FULL before it takes anything
 * of them, and keeps what it has in memory. RocksDB looks for room every five seconds, by the
 * SstFileManager that it makes for each database, flushes when there is enough for the memtables,
 * and then takes writes again (wiki: Background Error Handling). The same write may be repeated
 * meanwhile.
 *
 * <p>Every call holds a shared lock that {@link #close()} takes alone, because RocksDB crashes the
 * process when it is used after closing; a call that comes too late is refused with STORE_FAILED.
 *
 * <p>Thread-safe for reading; one thread writes.
 */
public final class RocksDbStore implements KeyValueStore {
    private final RocksDbEnvironment environment;
    private final Path directory;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final DBOptions dbOptions;
    private final ColumnFamilyOptions familyOptions;
    private final WriteOptions withoutLog = new WriteOptions().setDisableWAL(true);
    private final ReadOptions newest = new ReadOptions();
    private final ReadOptions persisted = new ReadOptions().setReadTier(ReadTier.PERSISTED_TIER);
    private final List<ColumnFamilyHandle> handles = new ArrayList<>();
    private final Map<Family, ColumnFamilyHandle> families = new EnumMap<>(Family.class);
    private @Nullable RocksDB database;

    private RocksDbStore(RocksDbEnvironment environment, Path directory) {
        this.environment = environment;
        this.directory = directory;
        this.dbOptions = environment.newDbOptions();
        this.familyOptions = environment.newFamilyOptions();
    }

    static RocksDbStore open(RocksDbEnvironment environment, Path directory) {
        RocksDbStore store = new RocksDbStore(environment, directory);
        try {
            store.openDatabase();
            return store;
        } catch (RocksDBException e) {
            store.close();
            throw store.failed("opening", e);
        } catch (IOException e) {
            store.close();
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot create directory " + directory + ": " + e,
                    "make the data directory writable",
                    e);
        }
    }

    private void openDatabase() throws RocksDBException, IOException {
        Files.createDirectories(directory);
        List<ColumnFamilyDescriptor> descriptors = new ArrayList<>();
        descriptors.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions));
        for (Family family : Family.values()) {
            byte[] name =
                    family.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII);
            descriptors.add(new ColumnFamilyDescriptor(name, familyOptions));
        }
        database = RocksDB.open(dbOptions, directory.toString(), descriptors, handles);
        int position = 1; // after the default family
        for (Family family : Family.values()) {
            families.put(family, handles.get(position++));
        }
    }

    @Override
    public byte @Nullable [] get(Family family, byte[] key) {
        return get(newest, family, key);
    }

    @Override
    public byte @Nullable [] getDurable(Family family, byte[] key) {
        return get(persisted, family, key);
    }

    private byte @Nullable [] get(ReadOptions options, Family family, byte[] key) {
        return call("reading", open -> open.get(handle(family), options, key));
    }

    @Override
    public List<byte @Nullable []> multiGet(Family family, List<byte[]> keys) {
        if (keys.isEmpty()) {
            return List.of();
        }
        List<byte @Nullable []> values = new ArrayList<>(keys.size());
        call(
                "reading",
                open ->
                        values.addAll(
                                open.multiGetAsList(
                                        newest,
                                        Collections.nCopies(keys.size(), handle(family)),
                                        keys)));
        // RocksDB's Java class gives null for a key that could not be read, too: a block that does
        // not match its checksum would look like a row that is not there.
        for (int i = 0; i < values.size(); i++) {
            if (values.get(i) == null) {
                values.set(i, get(family, keys.get(i)));
            }
        }
        return values;
    }

    @Override
    public void scan(
            Family family, byte[] prefix, byte[] from, BiPredicate<byte[], byte[]> visitor) {
        call(
                "scanning",
                open -> {
                    try (RocksIterator iterator = open.newIterator(handle(family), newest)) {
                        for (iterator.seek(from); iterator.isValid(); iterator.next()) {
                            byte[] key = iterator.key();
                            boolean inside =
                                    key.length >= prefix.length
                                            && Arrays.equals(
                                                    key,
                                                    0,
                                                    prefix.length,
                                                    prefix,
                                                    0,
                                                    prefix.length);
                            if (!inside || !visitor.test(key, iterator.value())) {
                                return null;
                            }
                        }
                        iterator.status();
                        return null;
                    }
                });
    }

    @Override
    public void write(List<Change> changes) {
        call(
                "writing",
                open -> {
                    try (WriteBatch batch = new WriteBatch()) {
                        for (Change change : changes) {
                            byte[] value = change.value();
                            if (value == null) {
                                batch.delete(handle(change.family()), change.key());
                            } else {
                                batch.put(handle(change.family()), change.key(), value);
                            }
                        }
                        open.write(withoutLog, batch);
                        return null;
                    }
                });
    }

    @Override
    public void flush() {
        call(
                "flushing",
                open -> {
                    try (FlushOptions options =
                            new FlushOptions().setWaitForFlush(true).setAllowWriteStall(true)) {
                        open.flush(options, handles);
                        return null;
                    }
                });
    }

    /**
     * Flushes what is not durable yet and closes; later calls are refused, a second close does
     * nothing.
     */
    @Override
    public void close() {
        Lock alone = lock.writeLock();
        alone.lock();
        try {
            RocksDB open = database;
            database = null;
            handles.forEach(ColumnFamilyHandle::close);
            handles.clear();
            if (open != null) {
                open.close();
            }
            withoutLog.close();
            newest.close();
            persisted.close();
            familyOptions.close();
            dbOptions.close();
        } finally {
            alone.unlock();
        }
        environment.forget(this);
    }

    private ColumnFamilyHandle handle(Family family) {
        ColumnFamilyHandle handle = families.get(family);
        if (handle == null) {
            throw new IllegalStateException("no family " + family);
        }
        return handle;
    }

    /** What is done with the open database; null is a fine answer. */
    @FunctionalInterface
    private interface Call<T> {
        @Nullable T with(RocksDB open) throws RocksDBException;
    }

    private <T> @Nullable T call(String doing, Call<T> call) {
        Lock shared = lock.readLock();
        shared.lock();
        try {
            RocksDB open = database;
            if (open == null) {
                throw new ArbalestException(
                        ErrorCode.STORE_FAILED, "the store " + directory + " is closed", "");
            }
            return call.with(open);
        } catch (RocksDBException e) {
            throw failed(doing, e);
        } finally {
            shared.unlock();
        }
    }

    private ArbalestException failed(String doing, RocksDBException e) {
        Status status = e.getStatus();
        String detail = doing + " the store " + directory + " failed: " + e.getMessage();
        if (status != null && status.getSubCode() == Status.SubCode.NoSpace) {
            return new ArbalestException(
                    ErrorCode.DISK_FULL,
                    detail,
                    "free disk space; the store then goes on by itself",
                    e);
        }
        String message = String.valueOf(e.getMessage());
        if (message.contains("LOCK") || message.contains("lock hold")) {
            return new ArbalestException(
                    ErrorCode.DIRECTORY_IN_USE,
                    detail,
                    "stop the other process, or use another data directory",
                    e);
        }
        return new ArbalestException(
                ErrorCode.STORE_FAILED,
                detail,
                "check the disk; if the store is damaged, drop the collection and fill it again",
                e);
    }
}
