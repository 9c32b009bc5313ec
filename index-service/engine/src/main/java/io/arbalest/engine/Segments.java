package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The segments of a shard, in the order in which they were started, and the snapshot up to which
 * their rows are published.
 *
 * <p>The applier starts segments and publishes; everybody reads.
 */
final class Segments implements AutoCloseable {
    /**
     * What a reader sees.
     *
     * @param sequenceNumber the snapshot: rows up to here are applied, whole
     * @param segments those that may hold a row of it, and perhaps newer ones
     */
    record View(long sequenceNumber, List<Segment> segments) {}

    private final CollectionDefinition definition;
    private final int shardNumber;
    private final int rowsPerSegment;

    /** By the segment to which the rows were appended; the applier adds. */
    private final Map<Integer, RowStamps> stamps = new ConcurrentHashMap<>();

    private int nextId; // applier only, as is growing
    private GrowingSegment growing;

    private volatile List<Segment> all;
    private volatile View view;

    Segments(CollectionDefinition definition, int shardNumber, int rowsPerSegment) {
        this.definition = definition;
        this.shardNumber = shardNumber;
        this.rowsPerSegment = rowsPerSegment;
        this.growing = start();
        this.all = List.of(growing);
        this.view = new View(0, all);
    }

    private GrowingSegment start() {
        GrowingSegment started =
                new GrowingSegment(nextId++, rowsPerSegment, shardNumber, definition);
        stamps.put(started.id(), started.stamps());
        return started;
    }

    /** The segment that takes the next row; applier only. */
    GrowingSegment growing() {
        if (growing.full()) {
            growing = start();
            List<Segment> more = new ArrayList<>(all);
            more.add(growing);
            all = List.copyOf(more);
        }
        return growing;
    }

    /** The stamps of rows, by the segment to which they were appended. */
    RowStamps stamps(int segment) {
        return Objects.requireNonNull(stamps.get(segment), () -> "no rows of segment " + segment);
    }

    /** The segment in which rows are now that were appended to a segment. */
    Segment holder(int origin) {
        for (Segment segment : all) {
            for (RowStamps rows : segment.origins()) {
                if (rows.segment() == origin) {
                    return segment;
                }
            }
        }
        throw new IllegalStateException("no segment holds rows of segment " + origin);
    }

    /** Every segment, also one that no view has yet. */
    List<Segment> all() {
        return all;
    }

    /** Rows published in segments that were started here, dead ones included. */
    long rowsTaken() {
        return stamps.values().stream().mapToLong(RowStamps::rows).sum();
    }

    /**
     * Lets readers see everything up to a sequence number; applier only.
     *
     * @param liveChanges rows that became live minus rows that ended since the last time, by the
     *     segment to which they were appended
     */
    void publish(long sequenceNumber, Map<Integer, Integer> liveChanges) {
        for (Segment segment : all) {
            if (segment instanceof GrowingSegment taking) {
                taking.publish(liveChanges.getOrDefault(taking.id(), 0));
            }
        }
        view = new View(sequenceNumber, all);
    }

    View view() {
        return view;
    }

    /** Frees all memory; nobody may be reading. */
    @Override
    public void close() {
        all.forEach(Segment::close);
    }
}
