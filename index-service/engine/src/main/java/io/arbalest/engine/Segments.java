package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The segments of a shard, in the order in which they were started, and the snapshot up to which
 * their rows are published.
 *
 * <p>The applier starts, replaces and publishes segments; everybody reads. Who reads the memory of
 * segments holds a {@link Lease}: a segment that was replaced is freed when the last lease from
 * before has ended, and a lease costs one compare-and-set.
 */
final class Segments implements AutoCloseable {
    /**
     * What a reader sees.
     *
     * @param sequenceNumber the snapshot: rows up to here are applied, whole
     * @param generation holds the segments that may hold a row of it, and perhaps newer ones
     */
    record View(long sequenceNumber, Generation generation) {
        List<Segment> segments() {
            return generation.segments;
        }
    }

    /** A list of segments that stay open while it is leased. */
    private static final class Generation {
        final List<Segment> segments;
        private int leases = 1; // the current view's; guarded by this

        Generation(List<Segment> segments) {
            this.segments = segments;
        }

        synchronized boolean retain() {
            if (leases == 0) {
                return false;
            }
            leases++;
            return true;
        }

        synchronized boolean release() {
            return --leases == 0;
        }
    }

    /** A view whose segments stay open until this is closed. */
    final class Lease implements AutoCloseable {
        private final View leased;

        private Lease(View leased) {
            this.leased = leased;
        }

        View view() {
            return leased;
        }

        /** The segment in which rows are now that were appended to a segment. */
        Segment holder(int origin) {
            return Objects.requireNonNull(find(origin), () -> "no rows of segment " + origin);
        }

        /** Whether rows that were appended to a segment are in one of this view. */
        boolean holds(int origin) {
            return find(origin) != null;
        }

        private @Nullable Segment find(int origin) {
            for (Segment segment : leased.segments()) {
                for (RowStamps rows : segment.origins()) {
                    if (rows.segment() == origin) {
                        return segment;
                    }
                }
            }
            return null;
        }

        @Override
        public void close() {
            release(leased.generation);
        }
    }

    private final CollectionDefinition definition;
    private final int shardNumber;
    private final int rowsPerSegment;

    /** By the segment to which the rows were appended; the applier changes it. */
    private final Map<Integer, RowStamps> stamps = new ConcurrentHashMap<>();

    /** How many generations hold a segment; guarded by this map. */
    private final Map<Segment, Integer> holds = new HashMap<>();

    private int nextNumber; // applier only, as is growing
    private GrowingSegment growing;
    private boolean restoring;

    private volatile List<Segment> all;
    private volatile View view;
    private volatile long rowsTaken;

    /**
     * Starts with what was sealed before.
     *
     * @param sealed owned by this object from now on
     * @param nextNumber of the first segment that is started here
     */
    Segments(
            CollectionDefinition definition,
            int shardNumber,
            int rowsPerSegment,
            List<? extends Segment> sealed,
            int nextNumber) {
        this.definition = definition;
        this.shardNumber = shardNumber;
        this.rowsPerSegment = rowsPerSegment;
        this.nextNumber = nextNumber;
        for (Segment segment : sealed) {
            segment.origins().forEach(rows -> stamps.put(rows.segment(), rows));
        }
        this.growing = start(nextNumber, rowsPerSegment);
        List<Segment> first = new ArrayList<>(sealed);
        first.add(growing);
        this.all = List.copyOf(first);
        this.view = new View(0, hold(all));
    }

    private GrowingSegment start(int number, int capacity) {
        GrowingSegment started = new GrowingSegment(number, capacity, shardNumber, definition);
        stamps.put(number, started.stamps());
        nextNumber = number + 1;
        return started;
    }

    /**
     * Starts a segment anew in which rows are put back after a restart; before the first {@link
     * #growing}, in the order of the numbers.
     *
     * @param rows that were appended to it before
     */
    GrowingSegment restore(int number, int rows) {
        List<Segment> more = new ArrayList<>(all);
        if (!restoring) { // then the one that was started for the first row is not needed
            restoring = true;
            more.remove(growing);
            stamps.remove(growing.id());
        }
        growing = start(number, Math.max(rows, rowsPerSegment));
        more.add(growing);
        all = List.copyOf(more);
        return growing;
    }

    /** A segment that was {@linkplain #restore restored}. */
    GrowingSegment restored(int number) {
        for (Segment segment : all) {
            if (segment instanceof GrowingSegment restored && restored.id() == number) {
                return restored;
            }
        }
        throw new IllegalStateException("segment " + number + " was not restored");
    }

    /** The segment that takes the next row; applier only. */
    GrowingSegment growing() {
        if (growing.full()) {
            growing = start(nextNumber, rowsPerSegment);
            List<Segment> more = new ArrayList<>(all);
            more.add(growing);
            all = List.copyOf(more);
        }
        return growing;
    }

    /** Lets the next row go to a new segment, unless the present one is empty; applier only. */
    void roll() {
        if (!growing.empty()) {
            growing.closeForRows();
            GrowingSegment _ = growing();
        }
    }

    CollectionDefinition definition() {
        return definition;
    }

    /** Bytes of a vector as it is written. */
    int vectorBytes() {
        return definition.dimension() * Short.BYTES;
    }

    /** The stamps of rows, by the segment to which they were appended. */
    RowStamps stamps(int segment) {
        return Objects.requireNonNull(stamps.get(segment), () -> "no rows of segment " + segment);
    }

    /** Every segment, also one that no view has yet. Their memory may be freed. */
    List<Segment> all() {
        return all;
    }

    /** Rows published in segments that were started here, dead ones included. */
    long rowsTaken() {
        return rowsTaken;
    }

    /**
     * Lets readers see everything up to a sequence number; applier only.
     *
     * @param liveChanges rows that became live minus rows that ended since the last time, by the
     *     segment to which they were appended
     */
    void publish(long sequenceNumber, Map<Integer, Integer> liveChanges) {
        Set<Integer> done = new HashSet<>();
        long taken = rowsTaken;
        for (Segment segment : all) {
            if (segment instanceof GrowingSegment taking) {
                taken -= taking.rows();
                taking.publish(liveChanges.getOrDefault(taking.id(), 0));
                taken += taking.rows();
                done.add(taking.id());
            }
        }
        liveChanges.forEach((segment, change) -> {
            if (!done.contains(segment)) {
                RowStamps sealed = stamps(segment);
                sealed.publish(sealed.rows(), change);
            }
        });
        rowsTaken = taken;
        show(sequenceNumber);
    }

    private void show(long sequenceNumber) {
        View before = view;
        if (before.segments().equals(all)) {
            view = new View(sequenceNumber, before.generation);
            return;
        }
        view = new View(sequenceNumber, hold(all));
        release(before.generation);
    }

    /**
     * Shows a segment in place of others that hold the same live rows; applier only, with nothing
     * applied that is not published.
     *
     * @param with at most one; none if no row of the others is live
     */
    void replace(List<? extends Segment> replaced, List<? extends Segment> with) {
        List<Segment> changed = new ArrayList<>();
        boolean put = false;
        for (Segment segment : all) {
            if (!replaced.contains(segment)) {
                changed.add(segment);
            } else if (!put) {
                changed.addAll(with);
                put = true;
            }
        }
        all = List.copyOf(changed);
        Set<Integer> left = new HashSet<>();
        changed.forEach(s -> s.origins().forEach(rows -> left.add(rows.segment())));
        stamps.keySet().retainAll(left);
        show(view.sequenceNumber());
    }

    /** What a reader would see; its segments' memory may be freed at any time. */
    View view() {
        return view;
    }

    /** What a reader sees, with its segments held open. */
    Lease lease() {
        while (true) {
            View now = view;
            if (now.generation.retain()) {
                return new Lease(now);
            }
        }
    }

    private Generation hold(List<Segment> segments) {
        synchronized (holds) {
            segments.forEach(segment -> holds.merge(segment, 1, Integer::sum));
        }
        return new Generation(segments);
    }

    private void release(Generation generation) {
        if (!generation.release()) {
            return;
        }
        List<Segment> unused = new ArrayList<>();
        synchronized (holds) {
            for (Segment segment : generation.segments) {
                if (holds.merge(segment, -1, Integer::sum) == 0) {
                    holds.remove(segment);
                    unused.add(segment);
                }
            }
        }
        unused.forEach(Segment::close);
    }

    /** Frees all memory; nobody may be reading. */
    @Override
    public void close() {
        List<Segment> unseen = new ArrayList<>(all);
        unseen.removeAll(view.segments());
        unseen.forEach(Segment::close);
        release(view.generation);
    }
}
