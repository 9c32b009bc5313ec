package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.AcceptedPoints;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.sealed.SealedGraph;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.FileDamagedException;
import io.arbalest.io.SectionFile;
import io.arbalest.memory.Prefetch;
import io.arbalest.metadata.MatchingRows;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;

/**
 * A segment whose graph, vectors and row names lie in mapped files that never change. All its
 * points are linked; which of them count, their {@link RowStamps} say, which stay the same objects
 * through sealing and merging.
 *
 * <p>Thread-safe.
 */
final class SealedSegment implements Segment, MergePolicy.Candidate {
    /** Translated sets are kept by their hash, so that none of the others is looked at. */
    private static final int BUCKETS = 16;

    /** Translated sets of one hash that are kept; each holds one bit a row. */
    private static final int WAYS = 4;

    private final CommitPoint.SealedFiles files;
    private final SectionFile sections;
    private final SealedGraph graph;
    private final RowStamps[] origins;
    private final MemorySegment names;
    private final RowHeads.@Nullable Reader heads;
    private final int[][] ordinals; // by origin, then by ordinal there; -1: not here
    private final AtomicReferenceArray<@Nullable Translation> translations =
            new AtomicReferenceArray<>(BUCKETS * WAYS);

    private final SearcherPool<SealedSearcher> searchers;
    private final ConcurrentLinkedQueue<Runnable> freed = new ConcurrentLinkedQueue<>();

    /**
     * Opens what was checked.
     *
     * @param sections owned by this object from now on
     * @param stamps in the order of the origins in {@code files}
     */
    SealedSegment(
            CommitPoint.SealedFiles files,
            SectionFile sections,
            KeyType keyType,
            SegmentMemory memory,
            List<RowStamps> stamps) {
        this.files = files;
        this.sections = sections;
        this.origins = stamps.toArray(RowStamps[]::new);
        this.names = sections.section(SegmentFiles.NAMES);
        this.heads = RowHeads.Reader.open(keyType, sections);
        Map<SealedSection, MemorySegment> parts = SegmentFiles.graphOf(sections);
        this.graph = SealedGraph.open(parts, memory.advise("segment " + files.fileSet(), parts));
        this.searchers = new SearcherPool<>(graph::newSearcher);
        this.ordinals = new int[origins.length][];
        for (int i = 0; i < origins.length; i++) {
            ordinals[i] = new int[origins[i].capacity()];
            Arrays.fill(ordinals[i], -1);
        }
        for (int ordinal = 0; ordinal < graph.points(); ordinal++) {
            ordinals[origin(ordinal)][originOrdinal(ordinal)] = ordinal;
        }
    }

    /** The files as the commit point names them. */
    CommitPoint.SealedFiles files() {
        return files;
    }

    /**
     * Compares its file with the checksums in it.
     *
     * @throws FileDamagedException names the section and the place
     */
    void verify() throws IOException {
        sections.verify();
    }

    private int origin(int ordinal) {
        return names.get(SegmentFiles.INT, (long) SegmentFiles.NAME_BYTES * ordinal);
    }

    private int originOrdinal(int ordinal) {
        return names.get(SegmentFiles.INT, (long) SegmentFiles.NAME_BYTES * ordinal + 4);
    }

    @Override
    public int id() {
        return files.fileSet();
    }

    @Override
    public int rows() {
        return graph.points();
    }

    @Override
    public int live() {
        int live = 0;
        for (RowStamps rows : origins) {
            live += rows.live();
        }
        return live;
    }

    @Override
    public int linked() {
        return graph.points();
    }

    @Override
    public int linkedPoints() {
        return graph.points();
    }

    @Override
    public List<RowStamps> origins() {
        return List.of(origins);
    }

    @Override
    public long name(int ordinal) {
        return RowName.of(origins[origin(ordinal)].segment(), originOrdinal(ordinal));
    }

    @Override
    public @Nullable RowHead head(int ordinal) {
        return heads == null ? null : heads.read(ordinal);
    }

    @Override
    public void expect(int[] rows, int count, Prefetch prefetch) {
        graph.expectExactScores(rows, count, prefetch);
        if (heads != null) {
            heads.expect(rows, count, prefetch);
        }
    }

    @Override
    public int ordinal(long name) {
        for (int i = 0; i < origins.length; i++) {
            if (origins[i].segment() == RowName.segment(name)) {
                return ordinals[i][RowName.ordinal(name)];
            }
        }
        return -1;
    }

    @Override
    public boolean visible(int ordinal, long snapshot) {
        return origins[origin(ordinal)].visible(originOrdinal(ordinal), snapshot);
    }

    /**
     * A view that holds this segment is newer than all its rows; so one that is hidden has ended.
     */
    @Override
    public boolean allVisible() {
        return live() == graph.points();
    }

    /** Whether no reader of this or a later snapshot sees the row any more. */
    boolean ended(int ordinal, long snapshot) {
        return origins[origin(ordinal)].ended(originOrdinal(ordinal), snapshot);
    }

    @Override
    public MatchingRows translate(IntFunction<MatchingRows> byOrigin) {
        MatchingRows[] sets = new MatchingRows[origins.length];
        int hash = 0;
        for (int i = 0; i < sets.length; i++) {
            sets[i] = byOrigin.apply(origins[i].segment());
            hash = 31 * hash + System.identityHashCode(sets[i]);
        }
        int first = WAYS * ((hash ^ (hash >>> 16)) & (BUCKETS - 1));
        for (int way = 0; way < WAYS; way++) {
            Translation kept = translations.getAcquire(first + way);
            if (kept != null && kept.of(sets)) {
                return kept.rows;
            }
        }
        Translation made = new Translation(sets, translated(sets));
        for (int way = WAYS - 1; way > 0; way--) { // two at once may lose one, not more
            translations.setRelease(first + way, translations.getAcquire(first + way - 1));
        }
        translations.setRelease(first, made);
        return made.rows;
    }

    private MatchingRows translated(MatchingRows[] sets) {
        long[] words = new long[(graph.points() + Long.SIZE - 1) / Long.SIZE];
        for (int i = 0; i < sets.length; i++) {
            int[] here = ordinals[i];
            for (int row = sets[i].next(0, here.length);
                    row < here.length;
                    row = sets[i].next(row + 1, here.length)) {
                int ordinal = here[row];
                if (ordinal >= 0) {
                    words[ordinal >>> 6] |= 1L << (ordinal & 63);
                }
            }
        }
        return new MatchingRows(words);
    }

    /**
     * Sets of row ordinals, which never change, and the same rows by the ordinals of this segment.
     */
    private record Translation(MatchingRows[] sets, MatchingRows rows) {
        /** Whether these very sets were translated. */
        @SuppressWarnings("ReferenceEquality") // sets have no equality; an answer is one object
        boolean of(MatchingRows[] others) {
            for (int i = 0; i < sets.length; i++) {
                if (sets[i] != others[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    @Override
    public Probe probe(float[] query) {
        return new FileProbe(query);
    }

    private final class FileProbe implements Probe {
        private final float[] query;

        FileProbe(float[] query) {
            this.query = query;
        }

        @Override
        public Walked walk(SearchLimits limits, OrdinalSet accept, NeighborQueue results) {
            SealedSearcher searcher = searchers.acquire();
            try {
                searcher.search(query, limits, accept, results);
                long scored = searcher.scored();
                return new Walked(scored, scored, true, true, searcher.expired());
            } finally {
                searchers.release(searcher);
            }
        }

        @Override
        public Walked walkAccepted(
                SearchLimits limits, AcceptedPoints accepted, long limit, NeighborQueue results) {
            SealedSearcher searcher = searchers.acquire();
            try {
                boolean ended = searcher.searchAccepted(query, limits, accepted, limit, results);
                return new Walked(
                        searcher.scored(),
                        searcher.visited(),
                        ended,
                        searcher.walkedAll(),
                        searcher.expired());
            } finally {
                searchers.release(searcher);
            }
        }

        @Override
        public long scanCodes(
                int from,
                int to,
                OrdinalSet accept,
                int ef,
                float minScore,
                NeighborQueue results) {
            SealedSearcher searcher = searchers.acquire();
            try {
                return searcher.scanCodes(query, from, to, accept, ef, minScore, results);
            } finally {
                searchers.release(searcher);
            }
        }

        @Override
        public long scan(
                int from, int to, OrdinalSet accept, float minScore, NeighborQueue results) {
            SealedSearcher searcher = searchers.acquire();
            try {
                return searcher.scan(query, from, to, accept, minScore, results);
            } finally {
                searchers.release(searcher);
            }
        }
    }

    @Override
    public void exactScores(int[] rows, int count, float[] query, double[] scores) {
        graph.exactScores(rows, count, query, scores);
    }

    @Override
    public void read(int ordinal, short[] target) {
        graph.read(ordinal, target);
    }

    /** What its walks score by. */
    IndexCodes.Kind codes() {
        return graph.codes().kind();
    }

    SealedGraph graph() {
        return graph;
    }

    /** Bytes of its files. */
    long sizeBytes() {
        return sections.sizeBytes();
    }

    @Override
    public void whenFreed(Runnable task) {
        freed.add(task);
    }

    @Override
    public void close() {
        searchers.clear();
        sections.close();
        freed.forEach(Runnable::run);
    }
}
