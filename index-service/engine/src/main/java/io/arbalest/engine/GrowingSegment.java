package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.CollectionDefinition;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A segment that takes rows until it is full: vectors, the graph over them, and between which
 * commit stamps each row is visible. Ordinals are given in the order in which rows are applied and
 * never reused.
 *
 * <p>A row is visible at a snapshot if {@code visibleFrom <= snapshot < visibleUntil}. Stamps are
 * sequence numbers. Negative ones are reserved for staged rows: a negative {@code visibleFrom} is
 * not visible yet, a negative {@code visibleUntil} is still visible.
 *
 * <p>The applier appends rows and stamps, then publishes the row count; readers see every row below
 * the count that they read. The linker moves {@link #linked} along behind. Other methods are
 * thread-safe.
 */
final class GrowingSegment implements AutoCloseable {
    /** Idle searchers kept; each holds one mark a row. */
    private static final int MAX_IDLE_SEARCHERS = 4;

    private static final VarHandle STAMP = MethodHandles.arrayElementVarHandle(long[].class);
    private static final long NEVER = Long.MAX_VALUE;

    private final int id;
    private final int capacity;
    private final VectorTable vectors;
    private final GrowingGraph graph;
    private final long[] visibleFrom;
    private final long[] visibleUntil;
    private final ConcurrentLinkedQueue<GraphSearcher> idleSearchers =
            new ConcurrentLinkedQueue<>();
    private final AtomicInteger idleCount = new AtomicInteger();

    /** Rows appended, published or not; applier only. */
    private int appended;

    private volatile int rows;
    private volatile int live;
    private volatile int linked;

    GrowingSegment(int id, int capacity, int shardNumber, CollectionDefinition definition) {
        this.id = id;
        this.capacity = capacity;
        this.visibleFrom = new long[capacity];
        this.visibleUntil = new long[capacity];
        Arrays.fill(visibleFrom, NEVER);
        Arrays.fill(visibleUntil, NEVER);
        this.vectors = new VectorTable(definition.dimension(), definition.metric(), capacity);
        this.graph =
                new GrowingGraph(
                        vectors,
                        definition.hnsw().m(),
                        definition.hnsw().efConstruction(),
                        levelSeed(definition.incarnation(), shardNumber, id),
                        capacity);
    }

    /** The same in every replica and after every restart. */
    private static long levelSeed(UUID incarnation, int shardNumber, int segment) {
        long seed =
                incarnation.getMostSignificantBits()
                        ^ Long.rotateLeft(incarnation.getLeastSignificantBits(), 17);
        return seed * 31 + (((long) shardNumber << 32) | segment);
    }

    /** The segment's number in its shard. */
    int id() {
        return id;
    }

    VectorTable vectors() {
        return vectors;
    }

    GrowingGraph graph() {
        return graph;
    }

    /** Whether no row can be appended; applier only. */
    boolean full() {
        return appended == capacity;
    }

    /** Appends a row that becomes visible at a stamp, and returns its ordinal; applier only. */
    int append(MemorySegment source, long byteOffset, long stamp) {
        int ordinal = appended;
        vectors.set(ordinal, source, byteOffset);
        STAMP.setOpaque(visibleFrom, ordinal, stamp);
        appended++;
        return ordinal;
    }

    /** Lets a row be visible only below a stamp; applier only. */
    void end(int ordinal, long stamp) {
        STAMP.setOpaque(visibleUntil, ordinal, stamp);
    }

    /**
     * Makes what was appended readable; applier only.
     *
     * @param liveChange rows that became live minus rows that ended since the last time
     */
    void publish(int liveChange) {
        int before = live;
        live = before + liveChange;
        rows = appended;
    }

    /** Rows published, dead ones included. */
    int rows() {
        return rows;
    }

    /** Rows that are visible at the newest snapshot. */
    int live() {
        return live;
    }

    /** Every row below this ordinal is in the graph, or was dead before it got there. */
    int linked() {
        return linked;
    }

    /** Moves the watermark; linker only. */
    void linked(int watermark) {
        linked = watermark;
    }

    /** The rows that a reader of this snapshot sees. */
    boolean visible(int ordinal, long snapshot) {
        long from = (long) STAMP.getOpaque(visibleFrom, ordinal);
        if (from < 0 || from > snapshot) {
            return false;
        }
        long until = (long) STAMP.getOpaque(visibleUntil, ordinal);
        return until < 0 || snapshot < until;
    }

    /** Whether no reader of this or a later snapshot sees the row any more. */
    boolean ended(int ordinal, long snapshot) {
        long until = (long) STAMP.getOpaque(visibleUntil, ordinal);
        return until >= 0 && until <= snapshot;
    }

    /** {@link #visible} as a set, of ordinals below a bound. */
    OrdinalSet visibleAt(long snapshot, int bound) {
        return ordinal -> ordinal < bound && visible(ordinal, snapshot);
    }

    /** Scratch for a search; give it back with {@link #release}. */
    GraphSearcher acquire() {
        GraphSearcher idle = idleSearchers.poll();
        if (idle == null) {
            return graph.newSearcher();
        }
        idleCount.decrementAndGet();
        return idle;
    }

    void release(GraphSearcher searcher) {
        if (idleCount.incrementAndGet() <= MAX_IDLE_SEARCHERS) {
            idleSearchers.add(searcher);
        } else {
            idleCount.decrementAndGet();
        }
    }

    /** Frees the memory; nobody may be reading. */
    @Override
    public void close() {
        idleSearchers.clear();
        graph.close();
        vectors.close();
    }
}
