package io.arbalest.wal;

import io.arbalest.io.AlignedBuffers;
import io.arbalest.io.BlockFile;
import io.arbalest.io.Disk;
import io.arbalest.wal.RecordScanner.Invalid;
import io.arbalest.wal.RecoveredLog.ValidFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a log that this process did not write and decides where its valid part ends. Nothing on the
 * disk is changed.
 *
 * <p>A record is valid as {@link RecordScanner} says. What happens at the first invalid place P of
 * a file:
 *
 * <table>
 * <caption>decisions</caption>
 * <tr><th></th><th>found</th><th>decision</th></tr>
 * <tr><td>1</td><td>all of the file is valid up to the end that the next file's header states, and sequence number, term and
 *     chain agree with that header</td><td>the file is whole; what stands behind that end is ignored</td></tr>
 * <tr><td>2</td><td>P, or the end, differs from what the next file's header states</td><td>corrupt</td></tr>
 * <tr><td>3</td><td>last file; P lies before the position that {@code CURRENT} marks as durable</td><td>corrupt</td></tr>
 * <tr><td>4</td><td>last file; at P an intact header of this generation with a wrong chain, number, term, batch or
 *     length</td><td>corrupt: tearing never makes this</td></tr>
 * <tr><td>5</td><td>last file; behind P an intact header of this generation whose batch begins behind P</td><td>corrupt: that
 *     batch was begun only when P was durable</td></tr>
 * <tr><td>6</td><td>last file; behind P only headers of P's own batch, or at P an intact header with a damaged
 *     body</td><td>torn tail: the log ends at P</td></tr>
 * <tr><td>7</td><td>last file; nothing of this generation at P or behind it: zeros, or records of an earlier life of a recycled
 *     file</td><td>the log ends at P</td></tr>
 * <tr><td>8</td><td>damaged file header; missing number between two files; {@code CURRENT} missing, damaged in both blocks, or
 *     ahead of the last file</td><td>corrupt</td></tr>
 * <tr><td>9</td><td>file or record of a later version</td><td>refused with {@link UnsupportedLogFormatException}</td></tr>
 * </table>
 *
 * <p>Corrupt means that the log is not opened and is left as it is; the error says what would be
 * lost if it ended before the damage, and {@link LogCut} does that when told.
 *
 * <p>After 6 and 7 the log goes on in a new file whose header states P, so that what was cut never
 * comes back (row 1).
 *
 * <p>What remains undecidable from one copy: damage of the very last batch before {@code CURRENT}
 * has marked it (100 ms, or a clean close) looks like a torn write. A replica therefore never
 * decides alone whether such a batch was acknowledged.
 *
 * <p>Confined to one thread.
 */
final class WalRecovery {
    private final Disk disk;
    private final Path directory;
    private final LogIdentity identity;

    WalRecovery(Disk disk, Path directory, LogIdentity identity) {
        this.disk = disk;
        this.directory = directory;
        this.identity = identity;
    }

    /** Reads and checks the whole log. */
    RecoveredLog recover() throws IOException {
        try {
            return read();
        } catch (LogCorruptException e) {
            throw e.with(loss(e));
        }
    }

    /** Null as well if a look at the damaged log meets the next obstacle. */
    private @Nullable LogLoss loss(LogCorruptException corrupt) {
        try {
            return new LogCut(disk, directory, identity).assess();
        } catch (IOException e) {
            corrupt.addSuppressed(e);
            return null;
        }
    }

    private RecoveredLog read() throws IOException {
        List<Long> numbers = numbers();
        requireNoGap(numbers);
        DurableMark mark = mark(!numbers.isEmpty());
        if (numbers.isEmpty()) {
            if (mark != null && mark.position().fileNumber() > 0) {
                throw new LogCorruptException(
                        directory,
                        0,
                        WalFormat.fileName(mark.position().fileNumber()),
                        "no log files");
            }
            return new RecoveredLog(List.of(), LogPosition.ORIGIN, mark, false);
        }
        List<ValidFile> files = new ArrayList<>();
        FileHeader header = header(numbers.getFirst());
        for (int i = 0; i < numbers.size() - 1; i++) {
            FileHeader next = header(numbers.get(i + 1));
            files.add(completeFile(header, next));
            header = next;
        }
        return lastFile(header, files, mark);
    }

    /** Gives the records of a recovered file that hold rows from this number on to the visitor. */
    void replay(ValidFile file, long from, WriteAheadLog.Visitor visitor) throws IOException {
        withBytes(
                file.path(),
                bytes -> {
                    RecordScanner scanner = new RecordScanner(bytes, file.header(), file.end());
                    while (scanner.advance()) {
                        RecordHeader record = scanner.record();
                        RecordType type = requireKnown(file.path(), scanner);
                        if (record.rowCount() > 0
                                && record.firstSequenceNumber() + record.rowCount() > from) {
                            visitor.record(
                                    type,
                                    record.term(),
                                    record.firstSequenceNumber(),
                                    record.rowCount(),
                                    scanner.body());
                        }
                    }
                    Invalid invalid = scanner.invalid();
                    if (invalid != null) {
                        throw corrupt(file.path(), scanner.position().offset(), invalid);
                    }
                    return null;
                });
    }

    /** The numbers of the files that are there, lowest first. */
    List<Long> numbers() throws IOException {
        return disk.list(directory).stream()
                .map(WalFormat::fileNumber)
                .filter(number -> number >= 0)
                .sorted()
                .toList();
    }

    private void requireNoGap(List<Long> numbers) throws LogCorruptException {
        for (int i = 1; i < numbers.size(); i++) {
            if (numbers.get(i) != numbers.get(i - 1) + 1) {
                throw new LogCorruptException(
                        directory,
                        0,
                        WalFormat.fileName(numbers.get(i - 1) + 1),
                        "no such file, but " + WalFormat.fileName(numbers.get(i)));
            }
        }
    }

    private @Nullable DurableMark mark(boolean hasFiles) throws IOException {
        Path file = directory.resolve(WalFormat.CURRENT_FILE);
        if (disk.exists(file)) {
            return DurableMark.newest(file, disk.readAll(file), identity);
        }
        if (hasFiles) {
            throw new LogCorruptException(
                    file, 0, "the file that marks what is durable", "no such file");
        }
        return null;
    }

    FileHeader header(long number) throws IOException {
        Path path = path(number);
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk.open(path)) {
            if (file.size() < 2 * BlockFile.BLOCK_BYTES || file.size() > WalFormat.MAX_FILE_BYTES) {
                throw new LogCorruptException(
                        path, 0, "a file of whole length", file.size() + " bytes");
            }
            MemorySegment block = AlignedBuffers.allocate(arena, BlockFile.BLOCK_BYTES);
            file.read(0, block);
            return FileHeader.read(path, block, identity, number, file.size());
        }
    }

    /** Rows 1 and 2. */
    private ValidFile completeFile(FileHeader header, FileHeader next) throws IOException {
        Path path = path(header.number());
        long end = next.previousEnd();
        if (end < WalFormat.HEADER_BLOCK_BYTES || end > header.fileBytes()) {
            throw new LogCorruptException(
                    path(next.number()),
                    0,
                    "an end of the previous file inside it",
                    Long.toString(end));
        }
        return withBytes(
                path,
                bytes -> {
                    RecordScanner scanner = scan(path, bytes, header, end);
                    LogPosition reached = scanner.position();
                    Invalid invalid = scanner.invalid();
                    if (invalid != null) {
                        throw corrupt(path, reached.offset(), invalid);
                    }
                    LogPosition stated =
                            new LogPosition(
                                    header.number(),
                                    end,
                                    next.firstSequenceNumber(),
                                    reached.term(),
                                    next.chain());
                    if (!stated.equals(reached) || next.term() < reached.term()) {
                        throw new LogCorruptException(
                                path, end, "to end at " + stated, reached.toString());
                    }
                    return new ValidFile(path, header, end);
                });
    }

    /** Rows 3 to 7. */
    private RecoveredLog lastFile(
            FileHeader header, List<ValidFile> files, @Nullable DurableMark mark)
            throws IOException {
        Path path = path(header.number());
        return withBytes(
                path,
                bytes -> {
                    RecordScanner scanner = scan(path, bytes, header, header.fileBytes());
                    LogPosition end = scanner.position();
                    Invalid invalid = scanner.invalid();
                    if (mark != null) {
                        checkMark(mark.position(), path, end, invalid);
                    }
                    boolean torn = false;
                    if (invalid != null) {
                        long proof = scanner.laterBatch();
                        if (!invalid.byTearing()) {
                            throw corrupt(path, end.offset(), invalid);
                        }
                        if (proof >= 0) {
                            throw new LogCorruptException(
                                    path,
                                    end.offset(),
                                    invalid.expected() + ", for a later batch stands at " + proof,
                                    invalid.got());
                        }
                        torn = scanner.hasTraces();
                    }
                    files.add(new ValidFile(path, header, end.offset()));
                    return new RecoveredLog(files, end, mark, torn);
                });
    }

    private void checkMark(
            LogPosition mark, Path lastFile, LogPosition end, @Nullable Invalid invalid)
            throws LogCorruptException {
        if (mark.fileNumber() > end.fileNumber()) {
            throw new LogCorruptException(
                    directory,
                    0,
                    WalFormat.fileName(mark.fileNumber()),
                    "files up to " + lastFile.getFileName());
        }
        if (mark.fileNumber() == end.fileNumber() && end.offset() < mark.offset()) {
            String got =
                    invalid == null
                            ? "end of file"
                            : invalid.got() + " instead of " + invalid.expected();
            throw new LogCorruptException(
                    lastFile,
                    end.offset(),
                    "valid records up to " + mark.offset() + " as CURRENT marks",
                    got);
        }
    }

    static RecordScanner scan(Path path, MemorySegment bytes, FileHeader header, long limit)
            throws UnsupportedLogFormatException {
        RecordScanner scanner = new RecordScanner(bytes, header, limit);
        while (scanner.advance()) {
            requireKnown(path, scanner);
        }
        return scanner;
    }

    private static RecordType requireKnown(Path path, RecordScanner scanner)
            throws UnsupportedLogFormatException {
        RecordType type = scanner.record().type();
        if (type == null) {
            throw new UnsupportedLogFormatException(
                    path, "record type", RecordType.PAD.wireValue(), scanner.record().typeByte());
        }
        return type;
    }

    /** Reads a whole file and gives its bytes to the reader, for whose time they are valid. */
    <T extends @Nullable Object> T withBytes(Path path, BytesReader<T> reader) throws IOException {
        try (Arena arena = Arena.ofConfined();
                BlockFile file = disk.open(path)) {
            MemorySegment bytes = AlignedBuffers.allocate(arena, file.size());
            file.read(0, bytes);
            return reader.read(bytes);
        }
    }

    Path path(long number) {
        return directory.resolve(WalFormat.fileName(number));
    }

    private static LogCorruptException corrupt(Path path, long offset, Invalid invalid) {
        return new LogCorruptException(path, offset, invalid.expected(), invalid.got());
    }

    @FunctionalInterface
    interface BytesReader<T extends @Nullable Object> {
        T read(MemorySegment bytes) throws IOException;
    }
}
