package io.arbalest.wal;

import io.arbalest.common.Scheduler.SerialExecutor;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * The log in files of {@link WalFormat}: {@link WalRecovery} reads what is there, {@link
 * RecordQueue} takes what is appended, {@link GroupCommit} makes it durable, {@link WalFiles} has
 * files ready and lets them go.
 *
 * <p>The first write that fails poisons the log: nothing is tried again, because a sync that
 * succeeds after one that failed says nothing about the data of the first. Everyone who waits is
 * told that the outcome is unknown. A disk without space for the next file is no failure: records
 * already taken keep waiting, new ones are refused until there is space.
 *
 * <p>Thread-safe.
 */
public final class FileWriteAheadLog implements WriteAheadLog {
    private static final Logger LOG = System.getLogger(FileWriteAheadLog.class.getName());

    private final WalRecovery recovery;
    private final RecoveredLog recovered;
    private final LogMetrics metrics;
    private final WalFiles files;
    private final RecordQueue queue;
    private final GroupCommit commit;
    private final SerialExecutor helper;

    private FileWriteAheadLog(
            Path directory,
            LogIdentity identity,
            long term,
            WalOptions options,
            LogEnvironment environment)
            throws IOException {
        environment.disk().createDirectories(directory);
        recovery = new WalRecovery(environment.disk(), directory, identity);
        recovered = recovery.recover();
        recovered.sync(environment.disk());
        LogPosition end = recovered.end();
        requireTerm(term, end, directory);
        if (recovered.tornTail()) {
            LOG.log(
                    Level.INFO,
                    "log in {0}: an unfinished write behind sequence number {1} was cut",
                    directory,
                    Long.toString(end.nextSequenceNumber() - 1));
        }
        metrics = new LogMetrics(environment);
        files =
                new WalFiles(
                        directory,
                        identity,
                        options,
                        environment,
                        metrics,
                        recovered,
                        new FileListener());
        queue = new RecordQueue(directory, options, end.nextSequenceNumber(), files::diskFull);
        helper = environment.scheduler().serial("wal-helper");
        try {
            commit = commit(directory, identity, term, options, environment);
        } catch (IOException | RuntimeException e) {
            try (helper;
                    files) {
                throw e;
            }
        }
    }

    private GroupCommit commit(
            Path directory,
            LogIdentity identity,
            long term,
            WalOptions options,
            LogEnvironment environment)
            throws IOException {
        MarkFile mark = MarkFile.open(environment.disk(), directory, identity, recovered.mark());
        BatchWriter batches =
                new BatchWriter(
                        environment,
                        files,
                        metrics,
                        environment.disk().writer(2L * options.batchBytes(), helper),
                        recovered.end(),
                        term);
        return new GroupCommit(directory, options, environment, queue, files, batches, mark);
    }

    private static void requireTerm(long term, LogPosition end, Path directory) {
        if (term < end.term()) {
            throw new IllegalArgumentException(
                    "term "
                            + term
                            + " is below term "
                            + end.term()
                            + " of the log in "
                            + directory);
        }
    }

    /**
     * Opens the log of a directory, which is created if it is missing: recovers what is there,
     * begins a new file and makes a TERM_START record durable in it.
     *
     * @param term of the primary that opens it; not below the highest in the log
     * @throws LogCorruptException if something is damaged that may have been acknowledged
     * @throws UnsupportedLogFormatException if a later version wrote the log
     * @throws io.arbalest.io.DiskFullException if there is no space for the new file
     */
    public static FileWriteAheadLog open(
            Path directory,
            LogIdentity identity,
            long term,
            WalOptions options,
            LogEnvironment environment)
            throws IOException {
        FileWriteAheadLog log =
                new FileWriteAheadLog(directory, identity, term, options, environment);
        try {
            log.commit.start();
            log.showGauges();
            return log;
        } catch (IOException | RuntimeException e) {
            log.closeFiles();
            throw e;
        }
    }

    private void showGauges() {
        metrics.gauges(
                () -> queue.failure() == null ? 0 : 1,
                () -> files.diskFull() ? 1 : 0,
                queue::bytes,
                files::sizeBytes);
    }

    @Override
    public long append(RecordType type, int rowCount, List<MemorySegment> body, Callback callback) {
        long first = queue.add(type, rowCount, body, callback);
        commit.schedule();
        return first;
    }

    @Override
    public long nextSequenceNumber() {
        return queue.next();
    }

    @Override
    public long durableSequenceNumber() {
        return commit.durableSequenceNumber();
    }

    @Override
    public void replay(long from, Visitor visitor) throws IOException {
        if (queue.appended()) {
            throw new IllegalStateException("replay after the first append");
        }
        List<RecoveredLog.ValidFile> valid = recovered.files();
        for (int i = 0; i < valid.size(); i++) {
            long behind =
                    i + 1 < valid.size()
                            ? valid.get(i + 1).header().firstSequenceNumber()
                            : recovered.end().nextSequenceNumber();
            if (behind > from) {
                recovery.replay(valid.get(i), from, visitor);
            }
        }
    }

    @Override
    public void release(long belowSequenceNumber) throws IOException {
        files.release(Math.min(belowSequenceNumber, durableSequenceNumber() + 1));
    }

    @Override
    public long sizeBytes() {
        return files.sizeBytes();
    }

    @Override
    public @Nullable Throwable failure() {
        return queue.failure();
    }

    @Override
    public void close() throws IOException {
        if (!queue.close()) {
            return;
        }
        // An interrupt would close the file under the last write.
        boolean interrupted = Thread.interrupted();
        try {
            commit.finish();
        } finally {
            closeFiles();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void closeFiles() throws IOException {
        try (helper;
                files) {
            commit.close();
        }
    }

    /** Hears, on the preparer's thread, of files that were waited for. */
    private final class FileListener implements WalFiles.Listener {
        @Override
        public void spareReady() {
            commit.scheduleIfWaiting();
        }

        @Override
        public void named() {
            commit.schedule();
        }

        @Override
        public void spareFailed(Throwable cause) {
            commit.fail(cause);
        }
    }
}
