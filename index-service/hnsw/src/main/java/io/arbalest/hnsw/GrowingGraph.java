package io.arbalest.hnsw;

import org.jspecify.annotations.Nullable;

import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;

/**
 * Graph of a growing segment: a hierarchical navigable small world (Malkov and Yashunin, arXiv
 * 1603.09320) with {@code m} links on the upper levels and {@code 2 * m} on level 0.
 *
 * <p>Bytes a point, with its vector of {@code d} elements: {@code 2 * d} rounded up to a cache line
 * of 64, 9 for what the metric needs, {@code 8 * m} for level 0, on average {@code 4 * m / (m - 1)}
 * for the levels above, and 9 to find them; slabs of 2 MB are the granularity. With d = 128 and m =
 * 16: 406. Codes to link by, if there are any ({@link CandidateCodes}), come on top once {@value
 * #CODES_FROM} points are linked, until there is nothing to link.
 *
 * <p>A point's level is a function of the seed and its ordinal, so one linking thread always builds
 * the same graph. A graph never blocks its readers. Closing the graph does not close its vectors.
 *
 * <p>Thread-safe: several threads may link different points while any number search.
 */
public final class GrowingGraph implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(GrowingGraph.class.getName());

    /** The entry before the first point was linked. */
    static final long EMPTY = -1;

    /** Points that tell what codes should be like; those before are linked by vectors alone. */
    static final int CODES_FROM = 2048;

    /** Codes taken over for each point to link, at most: a code costs a small part of a link. */
    private static final int MOST_TAKEN_OVER = 32;

    private static final int STRIPES = 1024;
    private static final int MAX_LEVEL = 24;

    private final VectorTable vectors;
    private final Links links;
    private final int m;
    private final int efConstruction;
    private final long levelSeed;
    private final int capacity;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    private final ReentrantLock entryLock = new ReentrantLock();
    private final StampedLock codesLock = new StampedLock(); // shared by those who are linking
    private final CandidateCodes.Source codesSource;
    private final ConcurrentLinkedQueue<Linker> idle =
            new ConcurrentLinkedQueue<>(); // one per thread that ever linked
    private final AtomicInteger linked = new AtomicInteger();
    private volatile long entry = EMPTY;
    private volatile boolean codesAsked;
    private volatile @Nullable CandidateCodes codes;

    /** A graph that links by vectors alone. */
    public GrowingGraph(
            VectorTable vectors, int m, int efConstruction, long levelSeed, int capacity) {
        this(vectors, m, efConstruction, levelSeed, capacity, CandidateCodes.NONE);
    }

    /**
     * @param m links per point on the upper levels, 2 to 256
     * @param efConstruction candidates kept while a point is linked, at least m
     * @param capacity ordinals are 0 to capacity - 1; at most that of the vectors
     * @param codes what candidates are looked for by; asked once there are {@value #CODES_FROM}
     *     points
     */
    public GrowingGraph(
            VectorTable vectors,
            int m,
            int efConstruction,
            long levelSeed,
            int capacity,
            CandidateCodes.Source codes) {
        if (m < 2
                || m > 256
                || efConstruction < m
                || capacity < 1
                || capacity > vectors.capacity()) {
            throw new IllegalArgumentException(
                    "m " + m + ", efConstruction " + efConstruction + ", capacity " + capacity);
        }
        this.vectors = Objects.requireNonNull(vectors);
        codesSource = Objects.requireNonNull(codes);
        this.m = m;
        this.efConstruction = efConstruction;
        this.levelSeed = levelSeed;
        this.capacity = capacity;
        links = new Links(m, capacity, vectors.budget());
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /**
     * Links a point, once; its vector must be set. Returns when the point can be found.
     *
     * @throws io.arbalest.model.ArbalestException if the budget has no room for its lists
     */
    public void link(int ordinal) {
        if (!codesAsked && linked.get() >= CODES_FROM) {
            askForCodes();
        }
        while (!tryLink(ordinal)) {
            dropCodes("there is no room for another code");
        }
        linked.incrementAndGet();
    }

    /** Links, or answers false if there is no room for the point's code. */
    private boolean tryLink(int ordinal) {
        boolean distrusts;
        long linking = codesLock.readLock();
        try {
            Linker linker = idle.poll();
            if (linker == null) {
                linker = new Linker(vectors, links, stripes, m, efConstruction);
            }
            try {
                if (!linker.begin(ordinal, codes)) {
                    return false;
                }
                link(ordinal, linker);
                distrusts = linker.distrustsCodes();
            } finally {
                idle.add(linker);
            }
        } finally {
            codesLock.unlockRead(linking);
        }
        if (distrusts) {
            dropCodes("later points are not what codes were made for");
        }
        return true;
    }

    private void link(int ordinal, Linker linker) {
        int level = allocate(ordinal);
        long seen = entry;
        if (level <= level(seen) && seen != EMPTY) {
            linker.link(ordinal, level, seen);
        } else {
            raise(linker, ordinal, level);
        }
    }

    /** Waits for those who are linking; who comes later links by codes. */
    private void askForCodes() {
        long changing = codesLock.writeLock();
        try {
            if (codesAsked) {
                return;
            }
            codesAsked = true;
            if (!Linker.canGoByCodes(m, efConstruction)) {
                return;
            }
            int[] points = new int[capacity];
            int count = 0;
            for (int ordinal = 0; ordinal < capacity; ordinal++) {
                if (links.level(ordinal) >= 0) {
                    points[count++] = ordinal;
                }
            }
            codes = codesSource.of(vectors, Arrays.copyOf(points, count));
        } finally {
            codesLock.unlockWrite(changing);
        }
    }

    private void dropCodes(String reason) {
        if (releaseCodes()) {
            LOG.log(
                    Level.INFO,
                    "{0} points are linked, the others will be by vector: {1}",
                    linked.get(),
                    reason);
        }
    }

    /**
     * Frees what was there to link by, as there is nothing to link any more; else it is linked by
     * vector. Waits for those who are linking.
     *
     * @return whether there was something
     */
    public boolean releaseCodes() {
        long changing = codesLock.writeLock();
        try {
            codesAsked = true;
            CandidateCodes now = codes;
            codes = null;
            if (now != null) {
                now.close();
            }
            return now != null;
        } finally {
            codesLock.unlockWrite(changing);
        }
    }

    /**
     * Takes over the live points of another graph, with their links, before any point is linked
     * here: a merge grows the largest graph and links the points of the others. Neighbourhoods of
     * dead points are repaired, and every point taken over can be reached.
     *
     * @param source the other graph; nobody may be linking into it
     * @param ordinals by ordinal of the source: the point's ordinal here, whose vector is set and
     *     equal, or -1 if the point is dead; points that the source has not linked are left out
     * @return number of points taken over
     */
    public int load(GraphSource source, int[] ordinals) {
        entryLock.lock();
        try {
            if (entry != EMPTY || linked.get() > 0) {
                throw new IllegalStateException("points were linked before the graph was loaded");
            }
            entry = new GraphLoader(vectors, links, source, ordinals, efConstruction, m).load();
            int count = 0;
            for (int from = 0; from < ordinals.length; from++) {
                count += ordinals[from] >= 0 && source.levelOf(from) >= 0 ? 1 : 0;
            }
            linked.set(count);
            codesAsked = MOST_TAKEN_OVER * (capacity - (long) count) < count; // not worth it
            return count;
        } finally {
            entryLock.unlock();
        }
    }

    /** Makes the empty lists of a point and returns its level. */
    int allocate(int ordinal) {
        return links.add(ordinal, levelOf(ordinal));
    }

    /** Number of points linked. */
    public int linkedCount() {
        return linked.get();
    }

    /** Scratch for one searching thread. */
    public GraphSearcher newSearcher() {
        return new GraphSearcher(this, new GraphWalk(vectors, links, vectors.capacity()));
    }

    /** Bytes of the links and codes, off-heap and on. */
    public long sizeBytes() {
        CandidateCodes now = codes;
        return links.sizeBytes() + (now == null ? 0 : now.sizeBytes());
    }

    /**
     * The graph as it is read by whoever packs it; nobody may be linking meanwhile.
     *
     * @return a view, good as long as the graph is
     */
    public GraphSource source() {
        return new GraphSource() {
            @Override
            public int entryOrdinal() {
                long seen = entry;
                return seen == EMPTY ? -1 : ordinal(seen);
            }

            @Override
            public int levelOf(int ordinal) {
                return links.level(ordinal);
            }

            @Override
            public int limit(int level) {
                return links.limit(level);
            }

            @Override
            public int neighbors(int ordinal, int level, int[] target) {
                return links.read(ordinal, level, target);
            }
        };
    }

    /**
     * Frees links and codes; the vectors stay open. Nobody may be linking; any later search or link
     * fails.
     */
    @Override
    public void close() {
        releaseCodes();
        idle.clear();
        links.close();
    }

    /** The point where searches start and its level, as one value, or {@link #EMPTY}. */
    long entry() {
        return entry;
    }

    static int ordinal(long entry) {
        return (int) entry;
    }

    static int level(long entry) {
        return (int) (entry >> 32);
    }

    /**
     * Links a point of a level that the graph does not have yet; one at a time, so that such points
     * know each other.
     */
    private void raise(Linker linker, int ordinal, int level) {
        entryLock.lock();
        try {
            long seen = entry;
            if (seen != EMPTY) {
                linker.link(ordinal, level, seen);
            }
            if (seen == EMPTY || level > level(seen)) {
                entry = ((long) level << 32) | ordinal;
            }
        } finally {
            entryLock.unlock();
        }
    }

    private int levelOf(int ordinal) {
        long z = levelSeed + 0x9e3779b97f4a7c15L * (ordinal + 1L); // splitmix64
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        z ^= z >>> 31;
        double uniform = ((z >>> 11) + 1) * 0x1p-53;
        return Math.min(MAX_LEVEL, (int) (-Math.log(uniform) / Math.log(m)));
    }
}
