package io.arbalest.wal;

import io.arbalest.io.BlockFile;

import java.time.Duration;

/**
 * Sizes and times of a log.
 *
 * <p>Immutable.
 *
 * @param fileBytes size of every file of the log; multiple of the block, at least 3 blocks, at most
 *     {@link WalFormat#MAX_FILE_BYTES}; a change applies to files made from then on
 * @param batchBytes most bytes of records written at once, except that a single larger record is
 *     written alone; what waits beyond that is laid out meanwhile. The log's buffer is twice that
 * @param queueBytes most framed bytes that may wait to be written; at least {@code fileBytes}
 * @param markDelay how long a commit may stay unmarked in {@code CURRENT}
 * @param spaceRetry how long to wait before trying again to create a file on a full disk
 */
public record WalOptions(
        long fileBytes, int batchBytes, long queueBytes, Duration markDelay, Duration spaceRetry) {
    /** 16 MiB files, 2 MiB batches, 32 MiB of waiting records. */
    public static final WalOptions DEFAULTS =
            new WalOptions(
                    16 << 20, 2 << 20, 32 << 20, Duration.ofMillis(100), Duration.ofMillis(500));

    public WalOptions {
        check(
                fileBytes % BlockFile.BLOCK_BYTES == 0,
                "fileBytes must be a multiple of 4096",
                fileBytes);
        check(
                fileBytes >= 3 * BlockFile.BLOCK_BYTES && fileBytes <= WalFormat.MAX_FILE_BYTES,
                "fileBytes must lie between 12288 and " + WalFormat.MAX_FILE_BYTES,
                fileBytes);
        check(
                batchBytes % BlockFile.BLOCK_BYTES == 0 && batchBytes > 0 && batchBytes < fileBytes,
                "batchBytes must be a positive multiple of 4096 below fileBytes",
                batchBytes);
        check(queueBytes >= fileBytes, "queueBytes must not be below fileBytes", queueBytes);
    }

    /** These options with another file size; batches and queue are fitted to it. */
    public WalOptions withFileBytes(long bytes) {
        long batch = Math.min(batchBytes, bytes - BlockFile.BLOCK_BYTES);
        return new WalOptions(
                bytes, (int) batch, Math.max(queueBytes, bytes), markDelay, spaceRetry);
    }

    /**
     * The longest body that {@link WriteAheadLog#append} takes: a record must fit into one file.
     */
    public long maxBodyBytes() {
        return fileBytes - BlockFile.BLOCK_BYTES - WalFormat.RECORD_HEADER_BYTES;
    }

    private static void check(boolean holds, String rule, long got) {
        if (!holds) {
            throw new IllegalArgumentException(rule + ", got " + got);
        }
    }
}
