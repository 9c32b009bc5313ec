package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Priority;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The native memory and threads that all stores of a node share: one block cache, one budget for
 * memtables, one pool of background threads. Opens stores; its {@link #close()} closes those still
 * open before what they use, because RocksDB does not survive the other order.
 *
 * <p>Memory is bounded by {@code cacheBytes + writeBufferBytes}, whatever the number of shards:
 * writers wait for a flush when the memtables of all stores together reach their budget.
 *
 * <p>Thread-safe.
 */
public final class RocksDbEnvironment implements AutoCloseable {
    /** Enough for the keys and hot rows of a few million points. */
    public static final long DEFAULT_CACHE_BYTES = 256L << 20;

    /** Memtables of all shards together. */
    public static final long DEFAULT_WRITE_BUFFER_BYTES = 128L << 20;

    private static final int BACKGROUND_FLUSHES = 1;
    private static final int BACKGROUND_COMPACTIONS = 2;
    private static final long MEMTABLE_BYTES = 16L << 20;
    private static final int MEMTABLES = 3;
    private static final int BLOOM_BITS_PER_KEY = 10;
    private static final double MEMTABLE_BLOOM_RATIO = 0.02;
    private static final int BLOCK_BYTES = 8 << 10;
    private static final int MAX_OPEN_FILES = 512;
    private static final long MAX_INFO_LOG_BYTES = 1L << 20;
    private static final int INFO_LOGS = 2;

    private final Cache cache;
    private final WriteBufferManager writeBuffers;
    private final BloomFilter bloomFilter;
    private final List<RocksDbStore> stores = new ArrayList<>();
    private boolean closed;

    /** With the default sizes. */
    public RocksDbEnvironment() {
        this(DEFAULT_CACHE_BYTES, DEFAULT_WRITE_BUFFER_BYTES);
    }

    /**
     * Loads the native library on first use.
     *
     * @param cacheBytes for blocks read from files, with their indexes and filters
     * @param writeBufferBytes for rows that are not in files yet
     */
    public RocksDbEnvironment(long cacheBytes, long writeBufferBytes) {
        RocksDB.loadLibrary();
        Env env = Env.getDefault();
        env.setBackgroundThreads(BACKGROUND_FLUSHES, Priority.HIGH);
        env.setBackgroundThreads(BACKGROUND_COMPACTIONS, Priority.LOW);
        cache = new LRUCache(cacheBytes);
        writeBuffers = new WriteBufferManager(writeBufferBytes, cache, true);
        bloomFilter = new BloomFilter(BLOOM_BITS_PER_KEY);
    }

    /**
     * Opens the store in this directory, creating both if they do not exist.
     *
     * @throws ArbalestException DIRECTORY_IN_USE, DISK_FULL, STORE_FAILED
     */
    public synchronized RocksDbStore open(Path directory) {
        if (closed) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "store " + directory + " opened after the node's stores were closed",
                    "");
        }
        RocksDbStore store = RocksDbStore.open(this, directory);
        stores.add(store);
        return store;
    }

    DBOptions newDbOptions() {
        return new DBOptions()
                .setCreateIfMissing(true)
                .setCreateMissingColumnFamilies(true)
                .setAtomicFlush(true)
                .setEnv(Env.getDefault())
                .setWriteBufferManager(writeBuffers)
                .setMaxBackgroundJobs(BACKGROUND_FLUSHES + BACKGROUND_COMPACTIONS)
                .setMaxOpenFiles(MAX_OPEN_FILES)
                .setAvoidUnnecessaryBlockingIO(true)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(MAX_INFO_LOG_BYTES)
                .setKeepLogFileNum(INFO_LOGS)
                .setStatsDumpPeriodSec(0);
    }

    ColumnFamilyOptions newFamilyOptions() {
        BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setBlockSize(BLOCK_BYTES)
                        .setFilterPolicy(bloomFilter)
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true);
        return new ColumnFamilyOptions()
                .setTableFormatConfig(table)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setWriteBufferSize(MEMTABLE_BYTES)
                .setMaxWriteBufferNumber(MEMTABLES)
                .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_RATIO)
                .setMemtableWholeKeyFiltering(true);
    }

    synchronized void forget(RocksDbStore store) {
        stores.remove(store);
    }

    /** Closes the stores that are still open, then what they share. */
    @Override
    public void close() {
        List<RocksDbStore> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = List.copyOf(stores);
        }
        open.forEach(RocksDbStore::close);
        bloomFilter.close();
        writeBuffers.close();
        cache.close();
    }
}
