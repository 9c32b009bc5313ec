package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.BYTE;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.FLOAT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.LONG;

import io.arbalest.common.Crc32c;
import io.arbalest.hnsw.VectorTable;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A packed graph that is decided but not yet written: how long each section will be, its bytes, and
 * which point of the source became which.
 *
 * <p>Sections may be written in any order, {@link SealedSection#HEAD} last, because it holds the
 * checksums of the others. The vectors of the source must stay open until then.
 *
 * <p>Bytes a point, for {@code d} elements and {@code l} links a point on level 0: the vector,
 * {@code 2 d} rounded up to 64, and 9 for its score; then
 *
 * <pre>
 * none     4 + 4 l                                  and 20 + 4 m for each of about 1 / (m - 1) slots above level 0
 * bytes    4 + 4 l + d rounded up to 32, below 128 elements 8 more; the same
 * nibbles  4 + 4 l + 8 + d / 2 rounded up to 32        the same
 * signs    (384 + 4 d rounded up to 16) for each 32 links of the longest list; the same
 * </pre>
 *
 * <p>Confined to one thread; writes on those of its ranges too, for which targets are shared.
 */
public final class PackedGraph {
    static final long ROTATION_SEED = 0x5eed_0f_a2ba1e57L;

    private final VectorTable vectors;
    private final int[] newToOld;
    private final int[][] lists;
    private final List<PackedLevel> upper;
    private final CodeChoice choice;
    private final CodeKind codes;
    private final CodeForm form; // of codes once a point
    private final long links;
    private final int longestList;
    private final Map<SealedSection, Integer> checksums = new EnumMap<>(SealedSection.class);
    private final Crc32c partialSum = new Crc32c(); // of what is written of the vectors
    private long partialEnd;
    private final PointRanges ranges;
    private final Queue<BlockWriter> blockWriters = new ConcurrentLinkedQueue<>(); // idle ones

    PackedGraph(
            VectorTable vectors,
            int[] newToOld,
            int[][] lists,
            List<PackedLevel> upper,
            CodeChoice choice,
            PointRanges ranges) {
        this.vectors = vectors;
        this.ranges = ranges;
        this.choice = choice;
        codes = choice.codes();
        form =
                codes.oncePerPoint()
                        ? CodeForm.of(codes, vectors.dimension())
                        : CodeForm.BYTES_APART;
        this.newToOld = newToOld;
        this.lists = lists;
        this.upper = upper;
        long sum = 0;
        int longest = 0;
        for (int[] list : lists) {
            sum += list.length;
            longest = Math.max(longest, list.length);
        }
        for (PackedLevel level : upper) {
            for (int[] list : level.lists()) {
                longest = Math.max(longest, list.length);
            }
        }
        links = sum;
        longestList = longest;
        if (links > 0xffffffffL) {
            throw new IllegalArgumentException(links + " links, at most 2^32 - 1 fit");
        }
    }

    /** Number of points. */
    public int points() {
        return newToOld.length;
    }

    /** What walks will score by, and why. */
    public CodeChoice choice() {
        return choice;
    }

    /** By the ordinal of the packed graph, the ordinal in the source. */
    public int[] newToOld() {
        return newToOld.clone();
    }

    /** Bytes of a section; 0 if the graph has none. */
    public long sizeBytes(SealedSection section) {
        long points = newToOld.length;
        return switch (section) {
            case HEAD -> SealedGraphFormat.HEAD_BYTES;
            case VECTORS -> points * SealedGraphFormat.vectorBytes(vectors.dimension());
            case TERMS -> points * SealedGraphFormat.TERM_BYTES;
            case EXPONENTS -> points;
            case OFFSETS -> codes == CodeKind.SIGNS ? 0 : 4 * (points + 1);
            case NEIGHBORS -> codes == CodeKind.SIGNS ? 0 : 4 * links;
            case UPPER -> {
                long bytes = (long) upper.size() * SealedGraphFormat.LEVEL_BYTES;
                for (PackedLevel level : upper) {
                    bytes += level.sizeBytes();
                }
                yield bytes;
            }
            case CODES ->
                    codes.oncePerPoint()
                            ? form.sectionBytes(vectors.dimension(), newToOld.length)
                            : 0;
            case BLOCKS -> codes == CodeKind.SIGNS ? points * rowBytes() : 0;
        };
    }

    /**
     * Writes a section.
     *
     * @param target exactly as long as {@link #sizeBytes} says
     * @throws IllegalStateException if the head is written before another section
     */
    public void write(SealedSection section, MemorySegment target) {
        if (target.byteSize() != sizeBytes(section)) {
            throw new IllegalArgumentException(
                    section
                            + " takes "
                            + sizeBytes(section)
                            + " bytes, the target has "
                            + target.byteSize());
        }
        if (target.byteSize() == 0) {
            return;
        }
        switch (section) {
            case HEAD -> writeHead(target);
            case VECTORS -> copyVectors(0, target);
            case TERMS -> {
                for (int i = 0; i < newToOld.length; i++) {
                    long at = (long) i * SealedGraphFormat.TERM_BYTES;
                    target.set(FLOAT, at, vectors.factor(newToOld[i]));
                    target.set(FLOAT, at + 4, vectors.offset(newToOld[i]));
                }
            }
            case EXPONENTS -> {
                for (int i = 0; i < newToOld.length; i++) {
                    target.set(BYTE, i, (byte) vectors.exponent(newToOld[i]));
                }
            }
            case OFFSETS -> writeOffsets(target, 0, lists);
            case NEIGHBORS -> {
                long at = 0;
                for (int[] list : lists) {
                    for (int neighbor : list) {
                        target.set(INT, at, neighbor);
                        at += 4;
                    }
                }
            }
            case UPPER -> writeUpper(target);
            case CODES -> CodeWriter.write(vectors, newToOld, form, target, ranges);
            case BLOCKS -> writeBlocks(0, target);
        }
        checksums.put(section, Crc32c.of(target));
        blockWriters.clear();
    }

    /**
     * The unit of the pieces in which a section may be written; as long as the section if it can be
     * written as a whole only.
     */
    public long unitBytes(SealedSection section) {
        return switch (section) {
            case VECTORS -> SealedGraphFormat.vectorBytes(vectors.dimension());
            case BLOCKS -> Math.max(1, rowBytes());
            default -> Math.max(1, sizeBytes(section));
        };
    }

    /**
     * Writes a piece of a section; the pieces follow each other without a gap.
     *
     * @param offset of the piece in the section, a multiple of {@link #unitBytes}
     * @param piece zeros
     */
    public void write(SealedSection section, long offset, MemorySegment piece) {
        if (unitBytes(section) >= sizeBytes(section)) {
            write(section, piece);
            return;
        }
        if (offset != partialEnd) {
            throw new IllegalArgumentException(
                    section + " goes on at byte " + partialEnd + ", not at " + offset);
        }
        int first = (int) (offset / unitBytes(section));
        if (section == SealedSection.BLOCKS) {
            writeBlocks(first, piece);
        } else {
            copyVectors(first, piece);
        }
        partialSum.update(piece, 0, piece.byteSize());
        partialEnd += piece.byteSize();
        if (partialEnd == sizeBytes(section)) {
            checksums.put(section, partialSum.value());
            partialSum.reset();
            partialEnd = 0;
            blockWriters.clear();
        }
    }

    private void writeBlocks(int first, MemorySegment target) {
        int keptBytes = BlockWriter.KEPT_BYTES / ranges.threads();
        long stride = rowBytes();
        ranges.run(
                (int) (target.byteSize() / stride),
                (from, to) -> {
                    BlockWriter idle = blockWriters.poll(); // it knows what the last piece needed
                    BlockWriter writer =
                            idle == null
                                    ? new BlockWriter(vectors, newToOld, ROTATION_SEED, keptBytes)
                                    : idle;
                    MemorySegment rows = target.asSlice(from * stride, (to - from) * stride);
                    writer.write(lists, first + from, rows, stride);
                    blockWriters.add(writer);
                });
    }

    private void copyVectors(int first, MemorySegment target) {
        long stride = SealedGraphFormat.vectorBytes(vectors.dimension());
        ranges.run(
                (int) (target.byteSize() / stride),
                (from, to) -> {
                    for (int i = from; i < to; i++) {
                        vectors.copyStored(newToOld[first + i], target, i * stride);
                    }
                });
    }

    /** Bytes of a row of codes. */
    private int rowBytes() {
        return codes == CodeKind.SIGNS
                ? SealedGraphFormat.blockRowBytes(vectors.dimension(), longestList)
                : 0;
    }

    private static long writeOffsets(MemorySegment target, long from, int[][] lists) {
        long at = from;
        long sum = 0;
        for (int[] list : lists) {
            target.set(INT, at, (int) sum);
            sum += list.length;
            at += 4;
        }
        target.set(INT, at, (int) sum);
        return at + 4;
    }

    private void writeUpper(MemorySegment target) {
        long at = (long) upper.size() * SealedGraphFormat.LEVEL_BYTES;
        for (int i = 0; i < upper.size(); i++) {
            PackedLevel level = upper.get(i);
            long entry = (long) i * SealedGraphFormat.LEVEL_BYTES;
            target.set(LONG, entry, at);
            target.set(INT, entry + 8, level.ordinals().length);
            target.set(INT, entry + 12, (int) level.links());
            for (int ordinal : level.ordinals()) {
                target.set(INT, at, ordinal);
                target.set(INT, at + 4, i == 0 ? ordinal : upper.get(i - 1).slot(ordinal));
                at += SealedGraphFormat.SLOT_BYTES;
            }
            at = writeOffsets(target, at, level.lists());
            for (int[] list : level.lists()) {
                for (int neighbor : list) {
                    target.set(INT, at, level.slot(neighbor));
                    at += 4;
                }
            }
        }
    }

    private void writeHead(MemorySegment target) {
        target.fill((byte) 0);
        target.set(BYTE, SealedGraphFormat.VERSION_AT, form.version());
        target.set(BYTE, SealedGraphFormat.METRIC_AT, SealedGraphFormat.number(vectors.metric()));
        byte kind = codes.oncePerPoint() ? form.number() : codes.number();
        target.set(BYTE, SealedGraphFormat.CODES_AT, kind);
        target.set(INT, SealedGraphFormat.ROW_BYTES_AT, rowBytes());
        target.set(LONG, SealedGraphFormat.SEED_AT, codes == CodeKind.SIGNS ? ROTATION_SEED : 0);
        target.set(INT, SealedGraphFormat.MAGIC_AT, SealedGraphFormat.MAGIC);
        target.set(INT, SealedGraphFormat.DIMENSION_AT, vectors.dimension());
        target.set(INT, SealedGraphFormat.POINTS_AT, newToOld.length);
        target.set(INT, SealedGraphFormat.ENTRY_AT, newToOld.length == 0 ? -1 : 0);
        target.set(INT, SealedGraphFormat.TOP_LEVEL_AT, upper.size());
        target.set(INT, SealedGraphFormat.LONGEST_LIST_AT, longestList);
        target.set(LONG, SealedGraphFormat.LINKS_AT, links);
        for (SealedSection section : SealedSection.values()) {
            if (section == SealedSection.HEAD || sizeBytes(section) == 0) {
                continue;
            }
            Integer checksum = checksums.get(section);
            if (checksum == null) {
                throw new IllegalStateException(section + " is not written yet");
            }
            long entry =
                    SealedGraphFormat.SECTIONS_AT
                            + (long) section.number() * SealedGraphFormat.SECTION_BYTES;
            target.set(LONG, entry, sizeBytes(section));
            target.set(INT, entry + 8, checksum);
        }
        target.set(
                INT,
                SealedGraphFormat.CHECKSUM_AT,
                Crc32c.of(target, 0, SealedGraphFormat.CHECKSUM_AT));
    }
}
