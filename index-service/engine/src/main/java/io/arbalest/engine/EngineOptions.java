package io.arbalest.engine;

import io.arbalest.io.BlockFile;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.wal.WalFormat;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The limits of a node's shards.
 *
 * @param unlinkedTailRows rows of one shard that may wait for the graph, logged ones included;
 *     writers beyond are held back
 * @param growingSegmentRows rows a segment takes before the next one is started
 * @param indexerThreads threads that link rows into graphs, shared by all shards of the node
 * @param walFileBytes size of one file of a log
 * @param waitingBytes bytes of one shard's batches that may be held back at a time; more are
 *     refused at once
 * @param writeWait how long a batch may be held back before it is refused with OVERLOADED
 * @param tombstoneRetention how long a delete is remembered; then an older upsert of its key is
 *     refused unless its writer accepts older ones
 * @param segmentMemory what the kernel is told about the files of sealed segments
 * @param scrubInterval how often each file of a sealed segment is compared with its checksums
 * @param diskReserveBytes kept free on the data directory's disk for what was acknowledged and has
 *     yet to be written, as far as one number for all shards can; with less no write is taken and
 *     no merge begins
 */
public record EngineOptions(
        int unlinkedTailRows,
        int growingSegmentRows,
        int indexerThreads,
        long walFileBytes,
        long waitingBytes,
        Duration writeWait,
        Duration tombstoneRetention,
        SegmentMemory segmentMemory,
        Duration scrubInterval,
        long diskReserveBytes) {
    /** The key of {@link #diskReserveBytes} in a node's configuration. */
    static final String DISK_RESERVE_KEY = "engine.disk-reserve-bytes";

    public static final EngineOptions DEFAULT =
            new EngineOptions(
                    2048,
                    65_536,
                    1,
                    16L << 20,
                    64L << 20,
                    Duration.ofSeconds(10),
                    Duration.ofDays(7),
                    SegmentMemory.ADVISED,
                    Duration.ofDays(1),
                    256L << 20);

    /** Files of a log that are kept for rows in memory, about. */
    private static final int LONG_LOG_FILES = 64;

    /** The longest row must fit into a file of the log. */
    private static final long MIN_WAL_FILE_BYTES = 1 << 18;

    public EngineOptions {
        check(unlinkedTailRows >= 1, "engine.unlinked-tail-rows", unlinkedTailRows, "at least 1");
        check(
                growingSegmentRows >= 1 && growingSegmentRows <= 1 << 24,
                "engine.growing-segment-rows",
                growingSegmentRows,
                "1.." + (1 << 24));
        check(indexerThreads >= 1, "engine.indexer-threads", indexerThreads, "at least 1");
        check(
                walFileBytes >= MIN_WAL_FILE_BYTES
                        && walFileBytes <= WalFormat.MAX_FILE_BYTES
                        && walFileBytes % BlockFile.BLOCK_BYTES == 0,
                "wal.file-bytes",
                walFileBytes,
                "a multiple of "
                        + BlockFile.BLOCK_BYTES
                        + " in "
                        + MIN_WAL_FILE_BYTES
                        + ".."
                        + WalFormat.MAX_FILE_BYTES);
        check(waitingBytes >= 1, "engine.waiting-bytes", waitingBytes, "at least 1");
        check(!writeWait.isNegative(), "engine.write-wait", writeWait, "not negative");
        check(
                tombstoneRetention.compareTo(Duration.ofSeconds(1)) >= 0,
                "tombstone.retention",
                tombstoneRetention,
                "at least 1 second");
        check(
                scrubInterval.compareTo(Duration.ofSeconds(1)) >= 0,
                "engine.scrub-interval",
                scrubInterval,
                "at least 1 second");
        check(diskReserveBytes >= 0, DISK_RESERVE_KEY, diskReserveBytes, "not negative");
    }

    /** Bytes from which on a log is long: then segments are sealed before they are full. */
    long longLogBytes() {
        return LONG_LOG_FILES * walFileBytes;
    }

    private static void check(boolean holds, String key, Object got, String expected) {
        if (!holds) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    key + " must be " + expected + ", got " + got,
                    "change " + key);
        }
    }

    /** The same with another bound on the unlinked tail. */
    public EngineOptions withUnlinkedTailRows(int rows) {
        return with(draft -> draft.unlinkedTailRows = rows);
    }

    /** The same with another size of segments. */
    public EngineOptions withGrowingSegmentRows(int rows) {
        return with(draft -> draft.growingSegmentRows = rows);
    }

    /** The same with another number of indexer threads. */
    public EngineOptions withIndexerThreads(int threads) {
        return with(draft -> draft.indexerThreads = threads);
    }

    /** The same with another size of log files. */
    public EngineOptions withWalFileBytes(long bytes) {
        return with(draft -> draft.walFileBytes = bytes);
    }

    /** The same with another bound on bytes held back. */
    public EngineOptions withWaitingBytes(long bytes) {
        return with(draft -> draft.waitingBytes = bytes);
    }

    /** The same with another patience for writers that are held back. */
    public EngineOptions withWriteWait(Duration wait) {
        return with(draft -> draft.writeWait = wait);
    }

    /** The same with another time for which deletes are remembered. */
    public EngineOptions withTombstoneRetention(Duration retention) {
        return with(draft -> draft.tombstoneRetention = retention);
    }

    /** The same with other advice about the files of sealed segments. */
    public EngineOptions withSegmentMemory(SegmentMemory memory) {
        return with(draft -> draft.segmentMemory = memory);
    }

    /** The same with another interval between checks of sealed files. */
    public EngineOptions withScrubInterval(Duration interval) {
        return with(draft -> draft.scrubInterval = interval);
    }

    /** The same with another number of bytes that are kept free. */
    public EngineOptions withDiskReserveBytes(long bytes) {
        return with(draft -> draft.diskReserveBytes = bytes);
    }

    private EngineOptions with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.finished();
    }

    /** The components by name, to change one of them. */
    private static final class Draft {
        private int unlinkedTailRows;
        private int growingSegmentRows;
        private int indexerThreads;
        private long walFileBytes;
        private long waitingBytes;
        private Duration writeWait;
        private Duration tombstoneRetention;
        private SegmentMemory segmentMemory;
        private Duration scrubInterval;
        private long diskReserveBytes;

        Draft(EngineOptions from) {
            unlinkedTailRows = from.unlinkedTailRows;
            growingSegmentRows = from.growingSegmentRows;
            indexerThreads = from.indexerThreads;
            walFileBytes = from.walFileBytes;
            waitingBytes = from.waitingBytes;
            writeWait = from.writeWait;
            tombstoneRetention = from.tombstoneRetention;
            segmentMemory = from.segmentMemory;
            scrubInterval = from.scrubInterval;
            diskReserveBytes = from.diskReserveBytes;
        }

        EngineOptions finished() {
            return new EngineOptions(
                    unlinkedTailRows,
                    growingSegmentRows,
                    indexerThreads,
                    walFileBytes,
                    waitingBytes,
                    writeWait,
                    tombstoneRetention,
                    segmentMemory,
                    scrubInterval,
                    diskReserveBytes);
        }
    }
}
