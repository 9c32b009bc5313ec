package io.arbalest.wal;

import io.arbalest.common.Clock;
import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * Ends a damaged log before its damage, on somebody's explicit word. It says first what is lost.
 *
 * <p>Nothing is overwritten: files behind the damage get the ending {@value #LOST_SUFFIX}, {@code
 * CURRENT} marks the new end, and a new file states in its header that its predecessor ends there
 * (row 1 of {@link WalRecovery}). Until that file has its name the log is as damaged as before, at
 * the same place, so a crash on the way leaves something that can be cut again.
 *
 * <p>Confined to one thread.
 */
public final class LogCut {
    /** Ending of the names of files that were cut off. */
    static final String LOST_SUFFIX = ".lost";

    private static final Logger LOG = System.getLogger(LogCut.class.getName());

    private final Disk disk;
    private final Path directory;
    private final LogIdentity identity;
    private final WalRecovery recovery;

    /** Of the log in this directory; nothing is done yet. */
    public LogCut(Disk disk, Path directory, LogIdentity identity) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
        this.recovery = new WalRecovery(disk, directory, identity);
    }

    /** The undamaged part: its last file, and where it ends. */
    private record Prefix(FileHeader header, LogPosition end) {}

    /**
     * What a cut would lose; null if the log has no undamaged beginning.
     *
     * @throws IOException if the log cannot be read, or holds what only a later version can read
     */
    @Nullable LogLoss assess() throws IOException {
        List<Long> numbers = recovery.numbers();
        Prefix prefix = prefix(numbers);
        return prefix == null ? null : assess(prefix, numbers);
    }

    /**
     * Cuts the log, which nobody may have open.
     *
     * @param firstLost what {@link LogLoss#firstLost} must say
     * @param fileBytes size of the new file
     * @throws IllegalArgumentException if another row would be the first that is lost
     */
    public LogLoss cut(long firstLost, long fileBytes, Clock clock) throws IOException {
        List<Long> numbers = recovery.numbers();
        Prefix prefix = prefix(numbers);
        LogLoss loss = prefix == null ? null : assess(prefix, numbers);
        if (prefix == null || loss == null || loss.firstLost() != firstLost) {
            throw new IllegalArgumentException(
                    "the log in " + directory + " cannot be cut before row " + firstLost);
        }
        LOG.log(
                Level.WARNING,
                "log in {0}: cut at {1} of {2} as told; lost: {3}",
                directory,
                Long.toString(loss.offset()),
                loss.file().getFileName(),
                loss);
        for (long number : numbers.reversed()) {
            if (number > prefix.end().fileNumber()) {
                String name = WalFormat.fileName(number);
                disk.rename(directory.resolve(name), directory.resolve(name + LOST_SUFFIX));
            }
        }
        disk.syncDirectory(directory);
        disk.publish(
                directory.resolve(WalFormat.CURRENT_FILE),
                new DurableMark(identity, 1, prefix.end()).file());
        goOn(prefix.end(), fileBytes, clock);
        return loss;
    }

    /** A file behind the cut, which makes it final. */
    private void goOn(LogPosition end, long fileBytes, Clock clock) throws IOException {
        long number = end.fileNumber() + 1;
        Path path = directory.resolve(WalFormat.fileName(number));
        Path unfinished = directory.resolve(path.getFileName() + WalFormat.UNFINISHED_SUFFIX);
        if (disk.exists(unfinished)) {
            disk.delete(unfinished);
        }
        FileHeader header =
                new FileHeader(
                        identity,
                        number,
                        WalFormat.generation(identity, number, clock, end.chain()),
                        end.nextSequenceNumber(),
                        end.term(),
                        end.chain(),
                        end.offset(),
                        fileBytes,
                        clock.wallMillis());
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk.create(unfinished, fileBytes)) {
            MemorySegment block = AlignedBuffers.allocate(arena, WalFormat.HEADER_BLOCK_BYTES);
            header.write(block);
            file.write(0, block);
        }
        disk.rename(unfinished, path);
        disk.syncDirectory(directory);
    }

    private @Nullable Prefix prefix(List<Long> numbers) throws IOException {
        FileHeader header = numbers.isEmpty() ? null : headerOrNull(numbers.getFirst());
        if (header == null) {
            return null;
        }
        for (int i = 1; ; i++) {
            FileHeader last = header;
            FileHeader next =
                    i < numbers.size() && numbers.get(i) == last.number() + 1
                            ? headerOrNull(numbers.get(i))
                            : null;
            long limit = next == null ? last.fileBytes() : next.previousEnd();
            boolean inside = limit >= WalFormat.HEADER_BLOCK_BYTES && limit <= last.fileBytes();
            LogPosition end = end(last, inside ? limit : last.fileBytes());
            if (next == null || !inside || !joins(end, next)) {
                return new Prefix(last, end);
            }
            header = next;
        }
    }

    private static boolean joins(LogPosition end, FileHeader next) {
        return end.offset() == next.previousEnd()
                && end.nextSequenceNumber() == next.firstSequenceNumber()
                && end.chain() == next.chain()
                && end.term() <= next.term();
    }

    private LogPosition end(FileHeader header, long limit) throws IOException {
        Path path = recovery.path(header.number());
        return recovery.withBytes(
                path, bytes -> WalRecovery.scan(path, bytes, header, limit).position());
    }

    private LogLoss assess(Prefix prefix, List<Long> numbers) throws IOException {
        LogPosition end = prefix.end();
        Evidence evidence = new Evidence(end.nextSequenceNumber());
        for (long number : numbers) {
            FileHeader header = number < end.fileNumber() ? null : headerOrNull(number);
            if (header != null) {
                long from =
                        number == end.fileNumber() ? end.offset() : WalFormat.HEADER_BLOCK_BYTES;
                evidence.until(header.firstSequenceNumber());
                recovery.withBytes(
                        recovery.path(number),
                        bytes -> {
                            evidence.look(bytes, header, from);
                            return null;
                        });
            }
        }
        Path current = directory.resolve(WalFormat.CURRENT_FILE);
        if (disk.exists(current)) {
            try {
                evidence.until(
                        DurableMark.newest(current, disk.readAll(current), identity)
                                .position()
                                .nextSequenceNumber());
            } catch (LogCorruptException e) {
                LOG.log(Level.DEBUG, "no mark tells of more", e);
            }
        }
        return new LogLoss(
                recovery.path(end.fileNumber()),
                end.offset(),
                end.nextSequenceNumber(),
                evidence.next - 1,
                evidence.records,
                evidence.bytes);
    }

    private @Nullable FileHeader headerOrNull(long number) throws IOException {
        try {
            return recovery.header(number);
        } catch (LogCorruptException e) {
            LOG.log(Level.DEBUG, "a damaged header", e);
            return null;
        }
    }

    /** What is known to have been written behind the undamaged part. */
    private static final class Evidence {
        private long next;
        private int records;
        private long bytes;

        Evidence(long next) {
            this.next = next;
        }

        void until(long nextSequenceNumber) {
            next = Math.max(next, nextSequenceNumber);
        }

        void look(MemorySegment file, FileHeader header, long from) {
            long end = from;
            RecordScanner scanner = new RecordScanner(file, header, header.fileBytes());
            for (long at = from;
                    at + WalFormat.RECORD_HEADER_BYTES <= file.byteSize();
                    at += WalFormat.RECORD_ALIGNMENT) {
                RecordHeader record = scanner.ownHeader(at);
                if (record == null) {
                    continue;
                }
                end = at + WalFormat.framedBytes(Integer.toUnsignedLong(record.bodyBytes()));
                if (record.rowCount() > 0) {
                    records++;
                    until(record.firstSequenceNumber() + record.rowCount());
                }
            }
            bytes += Math.min(end, file.byteSize()) - from;
        }
    }
}
