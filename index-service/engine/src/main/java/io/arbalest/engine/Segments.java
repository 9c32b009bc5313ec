package io.arbalest.engine;

import io.arbalest.model.CollectionDefinition;

import java.util.ArrayList;
import java.util.List;

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
    record View(long sequenceNumber, List<GrowingSegment> segments) {}

    private final CollectionDefinition definition;
    private final int shardNumber;
    private final int rowsPerSegment;
    private volatile List<GrowingSegment> all;
    private volatile View view;

    Segments(CollectionDefinition definition, int shardNumber, int rowsPerSegment) {
        this.definition = definition;
        this.shardNumber = shardNumber;
        this.rowsPerSegment = rowsPerSegment;
        this.all = List.of(start(0));
        this.view = new View(0, all);
    }

    private GrowingSegment start(int id) {
        return new GrowingSegment(id, rowsPerSegment, shardNumber, definition);
    }

    /** The segment that takes the next row; applier only. */
    GrowingSegment growing() {
        GrowingSegment last = all.getLast();
        if (!last.full()) {
            return last;
        }
        GrowingSegment next = start(last.id() + 1);
        List<GrowingSegment> more = new ArrayList<>(all);
        more.add(next);
        all = List.copyOf(more);
        return next;
    }

    /** By number; also one that no view has yet. */
    GrowingSegment segment(int id) {
        return all.get(id);
    }

    /** Every segment, also one that no view has yet. */
    List<GrowingSegment> all() {
        return all;
    }

    /**
     * Lets readers see everything up to a sequence number; applier only, after each segment's own
     * publish.
     */
    void publish(long sequenceNumber) {
        view = new View(sequenceNumber, all);
    }

    View view() {
        return view;
    }

    /** Frees all memory; nobody may be reading. */
    @Override
    public void close() {
        all.forEach(GrowingSegment::close);
    }
}
