package io.arbalest.io;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.arbalest.common.Crc32c;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A file of numbered sections that is written once and then only mapped. Format version 1,
 * little-endian:
 *
 * <pre>
 *     0  u8[4]  "ASEC"
 *     4  u8     format version, 1
 *     5  u8[3]  0
 *     8  u32    n, sections, at most {@value #MAX_SECTIONS}
 *    12  u32    c, checksums
 *    16  u64    bytes of the file
 *    24  u64    where the checksums start
 *    32  {u32 number, u32 first checksum, u64 offset, u64 length}[n]
 *  4088  u32    CRC32C of the checksums
 *  4092  u32    CRC32C of bytes 0 to 4091
 *  4096  the sections, each from a multiple of 4096 on, the rest of its last block zeros
 *        u32[c] CRC32C of every {@value #CHECKED_BYTES} bytes of each section; its last piece may be shorter
 * </pre>
 *
 * <p>The head is written last: a file without one was not finished.
 *
 * <p>Thread-safe once open. Memory of a section must not be used after {@link #close}.
 */
public final class SectionFile implements AutoCloseable {
    /** The version that is written. */
    public static final byte FORMAT_VERSION = 1;

    static final int MAX_SECTIONS = 128;
    static final int CHECKED_BYTES = 4 << 20;

    private static final int MAGIC = 0x43455341; // "ASEC", read little-endian
    private static final int HEAD_BYTES = 4096;
    private static final int TABLE_AT = 32;
    private static final int ENTRY_BYTES = 24;
    private static final int SUMS_CRC_AT = 4088;
    private static final int HEAD_CRC_AT = 4092;
    private static final int WRITE_BYTES = 1 << 20;
    private static final int PIECE_BYTES = 4 << 20;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MappedFile mapped;
    private final Map<Integer, Entry> sections = new HashMap<>();
    private final int[] checksums;

    private record Entry(int firstChecksum, long offset, long length) {}

    /**
     * A section to be written.
     *
     * @param number under which it is found again
     * @param bytes its length
     * @param unit pieces of the section are multiples of so many bytes, but for the last
     * @param content fills each piece, in their order
     */
    public record Section(int number, long bytes, long unit, Content content) {
        /** A section that is filled as a whole. */
        public Section(int number, long bytes, Consumer<MemorySegment> content) {
            this(number, bytes, Math.max(1, bytes), (_, whole) -> content.accept(whole));
        }

        /**
         * Bytes of a piece: whole units and whole blocks, about {@value #PIECE_BYTES} if it can.
         */
        private long pieceBytes() {
            if (unit >= bytes) {
                return AlignedBuffers.roundUp(bytes);
            }
            long least = unit;
            while (least % BlockFile.BLOCK_BYTES != 0) {
                least *= 2; // twelve times at most
            }
            return Math.max(least, PIECE_BYTES / least * least);
        }
    }

    /** Fills a piece of a section. */
    @FunctionalInterface
    public interface Content {
        /**
         * Fills one piece.
         *
         * @param offset of the piece in the section
         * @param piece zeroed, and good for the call only
         */
        void fill(long offset, MemorySegment piece);
    }

    private SectionFile(Path file, MappedFile mapped) throws IOException {
        this.file = file;
        this.mapped = mapped;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment head = arena.allocate(HEAD_BYTES);
            if (mapped.bytes().byteSize() < HEAD_BYTES) {
                throw damaged("it has " + mapped.bytes().byteSize() + " bytes");
            }
            mapped.read(0, head);
            checkHead(head);
            int count = head.get(INT, 8);
            for (int i = 0; i < count; i++) {
                long at = TABLE_AT + (long) ENTRY_BYTES * i;
                Entry entry =
                        new Entry(
                                head.get(INT, at + 4),
                                head.get(LONG, at + 8),
                                head.get(LONG, at + 16));
                if (entry.offset < HEAD_BYTES
                        || entry.length < 0
                        || entry.offset + entry.length > mapped.bytes().byteSize()) {
                    throw damaged("section " + head.get(INT, at) + " lies outside");
                }
                if (entry.firstChecksum < 0
                        || entry.firstChecksum + pieces(entry.length) > head.get(INT, 12)) {
                    throw damaged("section " + head.get(INT, at) + " has no checksums");
                }
                sections.put(head.get(INT, at), entry);
            }
            checksums = new int[head.get(INT, 12)];
            MemorySegment sums =
                    arena.allocate(4L * checksums.length + 1).asSlice(0, 4L * checksums.length);
            mapped.read(head.get(LONG, 24), sums);
            requireChecksum("its list of checksums", Crc32c.of(sums), head.get(INT, SUMS_CRC_AT));
            for (int i = 0; i < checksums.length; i++) {
                checksums[i] = sums.get(INT, 4L * i);
            }
        }
    }

    private void checkHead(MemorySegment head) throws IOException {
        if (head.get(INT, 0) != MAGIC) {
            throw damaged("it does not start as a file of sections");
        }
        if (head.get(JAVA_BYTE, 4) != FORMAT_VERSION) {
            throw new UnsupportedFileFormatException(
                    file
                            + " has format version "
                            + head.get(JAVA_BYTE, 4)
                            + ", this release reads "
                            + FORMAT_VERSION);
        }
        int crc = Crc32c.of(head, 0, HEAD_CRC_AT);
        long bytes = head.get(LONG, 16);
        long sums = 4L * head.get(INT, 12);
        requireChecksum("its head", crc, head.get(INT, HEAD_CRC_AT));
        if (bytes != mapped.bytes().byteSize()
                || head.get(INT, 8) < 0
                || head.get(INT, 8) > MAX_SECTIONS
                || sums < 0
                || head.get(LONG, 24) < HEAD_BYTES
                || head.get(LONG, 24) + sums > bytes) {
            throw damaged("it has " + mapped.bytes().byteSize() + " bytes, expected " + bytes);
        }
    }

    private void requireChecksum(String what, int got, int expected) throws FileDamagedException {
        if (got != expected) {
            throw damaged(
                    String.format("%s has checksum %08x, expected %08x", what, got, expected));
        }
    }

    private FileDamagedException damaged(String how) {
        return new FileDamagedException(file + " is damaged: " + how);
    }

    /**
     * Writes a file; when this returns its bytes are on stable storage, its directory entry is not.
     * The sections are filled in their order, one piece at a time: no more than one piece is in
     * memory.
     */
    public static void write(Disk disk, Path file, List<Section> sections) throws IOException {
        if (sections.size() > MAX_SECTIONS) {
            throw new IllegalArgumentException(sections.size() + " sections");
        }
        long at = HEAD_BYTES;
        for (Section section : sections) {
            at += AlignedBuffers.roundUp(section.bytes());
        }
        long sumsAt = at;
        long count = sections.stream().mapToLong(s -> pieces(s.bytes())).sum();
        long bytes = AlignedBuffers.roundUp(sumsAt + Math.max(1, 4 * count));
        try (BlockFile out = disk.create(file, bytes);
                Arena arena = Arena.ofConfined()) {
            MemorySegment head = AlignedBuffers.allocate(arena, HEAD_BYTES);
            head.set(INT, 0, MAGIC);
            head.set(JAVA_BYTE, 4, FORMAT_VERSION);
            head.set(INT, 8, sections.size());
            head.set(INT, 12, Math.toIntExact(count));
            head.set(LONG, 16, bytes);
            head.set(LONG, 24, sumsAt);
            List<Integer> sums = new ArrayList<>();
            long offset = HEAD_BYTES;
            long entry = TABLE_AT;
            for (Section section : sections) {
                head.set(INT, entry, section.number());
                head.set(INT, entry + 4, sums.size());
                head.set(LONG, entry + 8, offset);
                head.set(LONG, entry + 16, section.bytes());
                write(out, section, offset, sums);
                offset += AlignedBuffers.roundUp(section.bytes());
                entry += ENTRY_BYTES;
            }
            MemorySegment tail = AlignedBuffers.allocate(arena, bytes - sumsAt);
            for (int i = 0; i < sums.size(); i++) {
                tail.set(INT, 4L * i, sums.get(i));
            }
            out.write(sumsAt, tail);
            head.set(INT, SUMS_CRC_AT, Crc32c.of(tail, 0, 4 * count));
            head.set(INT, HEAD_CRC_AT, Crc32c.of(head, 0, HEAD_CRC_AT));
            out.write(0, head);
        }
    }

    private static long pieces(long bytes) {
        return (bytes + CHECKED_BYTES - 1) / CHECKED_BYTES;
    }

    private static void write(BlockFile out, Section section, long offset, List<Integer> sums)
            throws IOException {
        if (section.bytes() == 0) {
            return;
        }
        long pieceBytes = section.pieceBytes();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer =
                    AlignedBuffers.allocate(
                            arena, Math.min(pieceBytes, AlignedBuffers.roundUp(section.bytes())));
            Crc32c sum = new Crc32c();
            for (long from = 0; from < section.bytes(); from += pieceBytes) {
                long length = Math.min(pieceBytes, section.bytes() - from);
                buffer.fill((byte) 0);
                section.content().fill(from, buffer.asSlice(0, length));
                long padded = AlignedBuffers.roundUp(length);
                for (long at = 0; at < padded; at += WRITE_BYTES) {
                    long some = Math.min(WRITE_BYTES, padded - at);
                    out.write(offset + from + at, buffer.asSlice(at, some));
                }
                sum(buffer, from, length, section.bytes(), sum, sums);
            }
        }
    }

    /** Goes on with the checksums of a section by one piece of it. */
    private static void sum(
            MemorySegment piece,
            long from,
            long length,
            long sectionBytes,
            Crc32c sum,
            List<Integer> sums) {
        long at = 0;
        while (at < length) {
            long end = Math.min(sectionBytes, ((from + at) / CHECKED_BYTES + 1) * CHECKED_BYTES);
            long some = Math.min(length - at, end - from - at);
            sum.update(piece, at, some);
            at += some;
            if (from + at == end) {
                sums.add(sum.value());
                sum.reset();
            }
        }
    }

    /**
     * Opens a file and checks its head.
     *
     * @throws FileDamagedException if the head does not match its checksum or the file
     * @throws UnsupportedFileFormatException if a later release wrote it
     */
    public static SectionFile open(Disk disk, Path file) throws IOException {
        MappedFile mapped = disk.map(file);
        try {
            return new SectionFile(file, mapped);
        } catch (IOException | RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    /**
     * Reads everything once and compares it with the checksums; may be done at any time.
     *
     * @throws FileDamagedException names the section and the place; also for what cannot be read
     */
    public void verify() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(CHECKED_BYTES, BlockFile.BLOCK_BYTES);
            for (Map.Entry<Integer, Entry> named : sections.entrySet()) {
                Entry entry = named.getValue();
                int sum = entry.firstChecksum;
                for (long at = 0; at < entry.length; at += CHECKED_BYTES) {
                    MemorySegment piece =
                            buffer.asSlice(0, Math.min(CHECKED_BYTES, entry.length - at));
                    String place = "section " + named.getKey() + " from byte " + at + " on";
                    int got = Crc32c.of(read(entry.offset + at, piece, place));
                    requireChecksum(place, got, checksums[sum++]);
                }
            }
        }
    }

    private MemorySegment read(long offset, MemorySegment piece, String place)
            throws FileDamagedException {
        try {
            mapped.read(offset, piece);
            return piece;
        } catch (IOException e) {
            FileDamagedException damage = damaged(place + " cannot be read: " + e.getMessage());
            damage.initCause(e);
            throw damage;
        }
    }

    /** The mapped bytes of a section; an absent one is empty. */
    public MemorySegment section(int number) {
        Entry entry = sections.get(number);
        return entry == null
                ? MemorySegment.NULL
                : mapped.bytes().asSlice(entry.offset, entry.length);
    }

    /** Bytes of the file. */
    public long sizeBytes() {
        return mapped.bytes().byteSize();
    }

    @Override
    public void close() {
        mapped.close();
    }
}
