package io.arbalest.hnsw.sealed;

import static io.arbalest.hnsw.sealed.SealedGraphFormat.BYTE;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.INT;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.LONG;
import static io.arbalest.hnsw.sealed.SealedGraphFormat.corrupt;

import io.arbalest.common.Crc32c;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.memory.Prefetch;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;
import io.arbalest.simd.Rotation;
import io.arbalest.simd.SignCodes;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * A packed graph as it lies in its sections; nothing is copied or rebuilt when it is opened.
 *
 * <p>The segments stay the caller's: they must be readable by all searching threads and outlive the
 * last search. The results do not depend on what kind of memory they are.
 *
 * <p>Immutable.
 */
public final class SealedGraph {
    private final Map<SealedSection, MemorySegment> sections;
    private final MemorySegment head;
    private final RowsAhead ahead;
    private final int points;
    private final int entry;
    private final int longestList;
    private final SealedVectors vectors;
    private final MemorySegment offsets;
    private final MemorySegment neighbors;
    private final LevelLists[] levels; // level 1 first
    private final CodeKind codes;
    private final CodeForm form; // of codes once a point
    private final MemorySegment blocks;
    private final long rowBytes;
    private final @Nullable Rotation rotation;

    private SealedGraph(
            Map<SealedSection, MemorySegment> sections, MemorySegment head, RowsAhead ahead) {
        this.ahead = ahead;
        this.sections = Map.copyOf(sections);
        this.head = head;
        points = head.get(INT, SealedGraphFormat.POINTS_AT);
        entry = head.get(INT, SealedGraphFormat.ENTRY_AT);
        longestList = head.get(INT, SealedGraphFormat.LONGEST_LIST_AT);
        vectors =
                new SealedVectors(
                        head.get(INT, SealedGraphFormat.DIMENSION_AT),
                        SealedGraphFormat.metric(head.get(BYTE, SealedGraphFormat.METRIC_AT)),
                        section(SealedSection.VECTORS),
                        section(SealedSection.TERMS),
                        section(SealedSection.EXPONENTS));
        offsets = section(SealedSection.OFFSETS);
        neighbors = section(SealedSection.NEIGHBORS);
        codes = CodeKind.ofNumber(head.get(BYTE, SealedGraphFormat.CODES_AT));
        form = CodeForm.ofNumber(head.get(BYTE, SealedGraphFormat.CODES_AT));
        blocks = section(SealedSection.BLOCKS);
        rowBytes = head.get(INT, SealedGraphFormat.ROW_BYTES_AT);
        rotation =
                codes == CodeKind.SIGNS
                        ? new Rotation(
                                vectors.dimension(), head.get(LONG, SealedGraphFormat.SEED_AT))
                        : null;
        levels = new LevelLists[head.get(INT, SealedGraphFormat.TOP_LEVEL_AT)];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = new LevelLists(section(SealedSection.UPPER), i + 1);
        }
    }

    /**
     * Opens a graph. Reads only the head.
     *
     * @param sections what {@link PackedGraph#write} filled, off the heap: one heap segment that
     *     went through a kernel would keep the compiler from inlining it for all others; absent
     *     sections may be left out
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION or SEGMENT_CORRUPT
     */
    public static SealedGraph open(Map<SealedSection, MemorySegment> sections) {
        return open(sections, RowsAhead.NONE);
    }

    /**
     * As {@link #open(Map)}, for vectors that may not be in memory.
     *
     * @param ahead told which vectors a search is about to read
     */
    public static SealedGraph open(Map<SealedSection, MemorySegment> sections, RowsAhead ahead) {
        MemorySegment head = sections.get(SealedSection.HEAD);
        if (head == null || head.byteSize() != SealedGraphFormat.HEAD_BYTES) {
            throw corrupt(
                    head == null ? "no head" : "a head of " + head.byteSize() + " bytes",
                    "a head of " + SealedGraphFormat.HEAD_BYTES + " bytes");
        }
        byte version = head.get(BYTE, SealedGraphFormat.VERSION_AT);
        if (version < SealedGraphFormat.OLDEST_VERSION || version > SealedGraphFormat.VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "sealed segment has format version "
                            + version
                            + ", this release reads "
                            + SealedGraphFormat.OLDEST_VERSION
                            + " to "
                            + SealedGraphFormat.VERSION,
                    "run the release that wrote it, or a later one");
        }
        check(
                head.get(INT, SealedGraphFormat.MAGIC_AT) == SealedGraphFormat.MAGIC,
                "another magic number",
                "ARBG");
        int crc = Crc32c.of(head, 0, SealedGraphFormat.CHECKSUM_AT);
        check(
                crc == head.get(INT, SealedGraphFormat.CHECKSUM_AT),
                "a head with checksum " + Integer.toHexString(crc),
                Integer.toHexString(head.get(INT, SealedGraphFormat.CHECKSUM_AT)));
        checkBounds(head);
        for (SealedSection section : SealedSection.values()) {
            MemorySegment bytes = sections.get(section);
            long length = bytes == null ? 0 : bytes.byteSize();
            long expected = head.get(LONG, entryOf(section));
            if (bytes != null && !bytes.isNative()) {
                throw new IllegalArgumentException(section + " lies on the heap");
            }
            check(
                    section == SealedSection.HEAD || length == expected,
                    length + " bytes of " + section,
                    String.valueOf(expected));
        }
        return new SealedGraph(sections, head, ahead);
    }

    private static void checkBounds(MemorySegment head) {
        int dimension = head.get(INT, SealedGraphFormat.DIMENSION_AT);
        int points = head.get(INT, SealedGraphFormat.POINTS_AT);
        int top = head.get(INT, SealedGraphFormat.TOP_LEVEL_AT);
        long links = head.get(LONG, SealedGraphFormat.LINKS_AT);
        check(
                dimension >= 1 && dimension <= SealedGraphFormat.MAX_DIMENSION,
                "dimension " + dimension,
                "1 to " + SealedGraphFormat.MAX_DIMENSION);
        check(points >= 0, points + " points", "at least 0");
        check(
                top >= 0 && top <= SealedGraphFormat.MAX_LEVEL,
                "top level " + top,
                "0 to " + SealedGraphFormat.MAX_LEVEL);
        expect(head, SealedSection.VECTORS, points * SealedGraphFormat.vectorBytes(dimension));
        expect(head, SealedSection.TERMS, (long) points * SealedGraphFormat.TERM_BYTES);
        expect(head, SealedSection.EXPONENTS, points);
        byte number = head.get(BYTE, SealedGraphFormat.CODES_AT);
        byte version = head.get(BYTE, SealedGraphFormat.VERSION_AT);
        CodeKind codes = CodeKind.ofNumber(number);
        CodeForm form = CodeForm.ofNumber(number);
        check(
                version == form.version(),
                "codes " + number + " in version " + version,
                "version " + form.version());
        check(
                dimension >= form.leastDimension(),
                "codes " + number + " of " + dimension + " elements",
                "at least " + form.leastDimension());
        expect(
                head,
                SealedSection.CODES,
                codes.oncePerPoint() ? form.sectionBytes(dimension, points) : 0);
        boolean lists = codes != CodeKind.SIGNS;
        int rowBytes = head.get(INT, SealedGraphFormat.ROW_BYTES_AT);
        expect(head, SealedSection.OFFSETS, lists ? 4 * (points + 1L) : 0);
        expect(head, SealedSection.NEIGHBORS, lists ? 4 * links : 0);
        check(
                lists || (rowBytes > 0 && rowBytes % SealedGraphFormat.blockBytes(dimension) == 0),
                rowBytes + " bytes of a row of blocks",
                "a multiple of " + SealedGraphFormat.blockBytes(dimension));
        expect(head, SealedSection.BLOCKS, lists ? 0 : (long) points * rowBytes);
    }

    private static void expect(MemorySegment head, SealedSection section, long bytes) {
        long recorded = head.get(LONG, entryOf(section));
        check(recorded == bytes, recorded + " bytes of " + section, String.valueOf(bytes));
    }

    private static long entryOf(SealedSection section) {
        return SealedGraphFormat.SECTIONS_AT
                + (long) section.number() * SealedGraphFormat.SECTION_BYTES;
    }

    private static void check(boolean holds, String got, String expected) {
        if (!holds) {
            throw corrupt(got, expected);
        }
    }

    /**
     * Reads everything once: checksums of all sections, that every link stays inside the graph, and
     * that codes are such.
     *
     * @throws ArbalestException SEGMENT_CORRUPT
     */
    public void verify() {
        sections.forEach((section, bytes) -> {
            int expected = head.get(INT, entryOf(section) + 8);
            int crc = section == SealedSection.HEAD ? expected : Crc32c.of(bytes);
            check(
                    crc == expected,
                    section + " with checksum " + Integer.toHexString(crc),
                    Integer.toHexString(expected));
        });
        int[] list = new int[longestList];
        for (int ordinal = 0; ordinal < points; ordinal++) {
            if (codes != CodeKind.SIGNS) {
                long from = Integer.toUnsignedLong(offsets.get(INT, 4L * ordinal));
                long to = Integer.toUnsignedLong(offsets.get(INT, 4L * ordinal + 4));
                check(
                        from <= to && to <= neighbors.byteSize() / 4 && to - from <= longestList,
                        "a list from " + from + " to " + to,
                        "at most " + longestList + " links");
            }
            int count = read(ordinal, list);
            for (int i = 0; i < count; i++) {
                check(
                        list[i] >= 0 && list[i] < points && list[i] != ordinal,
                        "link " + ordinal + " to " + list[i],
                        "another of " + points + " points");
            }
        }
        verifyLevels(list);
        CodeScorer scorer = newCodeScorer();
        if (scorer != null) {
            scorer.verify();
        }
    }

    private void verifyLevels(int[] list) {
        for (int level = 1; level <= levels.length; level++) {
            LevelLists lists = levels[level - 1];
            int below = level == 1 ? points : levels[level - 2].slots();
            for (int slot = 0; slot < lists.slots(); slot++) {
                int ordinal = lists.ordinal(slot);
                check(
                        ordinal >= 0
                                && ordinal < points
                                && lists.below(slot) >= 0
                                && lists.below(slot) < below,
                        "slot " + slot + " of level " + level + " of point " + ordinal,
                        "a point below " + points);
                int count = lists.read(slot, list);
                for (int i = 0; i < count; i++) {
                    check(
                            list[i] >= 0 && list[i] < lists.slots(),
                            "link to slot " + list[i],
                            "below " + lists.slots());
                }
            }
        }
    }

    /** The graph as it is read by whoever grows it. */
    public GraphSource source() {
        return new SealedSource(this);
    }

    /** Scratch for one searching thread. */
    public SealedSearcher newSearcher() {
        return new SealedSearcher(this);
    }

    /** Number of points. */
    public int points() {
        return points;
    }

    /** Elements of every vector. */
    public int dimension() {
        return vectors.dimension();
    }

    /** How vectors are compared. */
    public Metric metric() {
        return vectors.metric();
    }

    /** Links on level 0. */
    public long links() {
        return head.get(LONG, SealedGraphFormat.LINKS_AT);
    }

    /** Bytes of all sections. */
    public long sizeBytes() {
        return sections.values().stream().mapToLong(MemorySegment::byteSize).sum();
    }

    /** Reads a vector back, bit for bit as it was written. */
    public void read(int ordinal, short[] target) {
        if (target.length != dimension()) {
            throw new IllegalArgumentException(
                    "target has " + target.length + " elements, expected " + dimension());
        }
        vectors.read(ordinal, target);
    }

    /**
     * Scores in their direct form, accumulated in double from the stored vectors: what results
     * report.
     *
     * @param ordinals the first {@code count}
     * @param scores receives the scores, from index 0
     */
    public void exactScores(int[] ordinals, int count, float[] query, double[] scores) {
        vectors.exactScores(ordinals, count, query, scores);
    }

    /**
     * Starts to bring what {@link #exactScores} reads of the first {@code count} points into the
     * cache.
     */
    public void expectExactScores(int[] ordinals, int count, Prefetch prefetch) {
        vectors.expectExactScores(ordinals, count, prefetch);
    }

    RowsAhead ahead() {
        return ahead;
    }

    SealedVectors vectors() {
        return vectors;
    }

    /**
     * An ordinal, or a slot of the top level if there are upper levels; -1 if there is no point.
     */
    int entry() {
        return entry;
    }

    int topLevel() {
        return levels.length;
    }

    LevelLists level(int level) {
        return levels[level - 1];
    }

    int longestList() {
        return longestList;
    }

    /** Copies a list of level 0 and returns its length. */
    int read(int ordinal, int[] target) {
        if (codes == CodeKind.SIGNS) {
            return readBlocks(ordinal, target);
        }
        long from = Integer.toUnsignedLong(offsets.get(INT, 4L * ordinal));
        int count = (int) (Integer.toUnsignedLong(offsets.get(INT, 4L * ordinal + 4)) - from);
        for (int i = 0; i < count; i++) {
            target[i] = neighbors.get(INT, 4 * (from + i));
        }
        return count;
    }

    /** Starts to bring a list of level 0 into the cache. */
    void fetchList(int ordinal) {
        if (codes == CodeKind.SIGNS) {
            Prefetch.span(blocks, ordinal * rowBytes, 4L * longestList);
            return;
        }
        long from = 4 * Integer.toUnsignedLong(offsets.get(INT, 4L * ordinal));
        if (from < neighbors.byteSize()) {
            Prefetch.span(neighbors, from, 4L * longestList);
        }
    }

    private int readBlocks(int ordinal, int[] target) {
        long blockBytes = SealedGraphFormat.blockBytes(dimension());
        int count = 0;
        for (long block = ordinal * rowBytes;
                block < (ordinal + 1L) * rowBytes;
                block += blockBytes) {
            for (int place = 0; place < SignCodes.NEIGHBORS && count < target.length; place++) {
                int neighbor = blocks.get(INT, block + 4L * place);
                if (neighbor == SealedGraphFormat.EMPTY_PLACE) {
                    return count;
                }
                target[count++] = neighbor;
            }
        }
        return count;
    }

    /** What walks score by. */
    public CodeKind codes() {
        return codes;
    }

    /** A scorer of the codes once a point, or null if the graph has none. */
    @Nullable CodeScorer newCodeScorer() {
        return codes.oncePerPoint()
                ? new CodeScorer(section(SealedSection.CODES), form, points, dimension(), metric())
                : null;
    }

    /** A scorer of the blocks, or null if the graph has none. */
    @Nullable BlockScorer newBlockScorer() {
        return rotation == null
                ? null
                : new BlockScorer(blocks, rowBytes, dimension(), metric(), rotation);
    }

    private MemorySegment section(SealedSection section) {
        @Nullable MemorySegment bytes = sections.get(section);
        return bytes == null ? MemorySegment.NULL : bytes;
    }
}
