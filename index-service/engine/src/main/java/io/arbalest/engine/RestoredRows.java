package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts the rows of growing segments back that the metadata store already has: their vectors are
 * nowhere but in the log. The store says which sequence number each of them was appended at, so
 * every row gets the ordinal that it had, and no version is decided a second time: by now the store
 * is ahead of the row.
 *
 * <p>Confined to one thread.
 */
final class RestoredRows {
    private final Segments segments;
    private final List<Part> parts = new ArrayList<>();
    private final Map<Integer, Integer> liveRows = new HashMap<>();
    private int part;
    private int ordinal;

    private record Part(int segment, long[] sequenceNumbers) {}

    /**
     * Reads which rows are to be put back.
     *
     * @param firstUnsealed rows of segments from this number on are
     */
    RestoredRows(Segments segments, ShardMetadata metadata, int firstUnsealed) {
        this.segments = segments;
        new TreeMap<>(metadata.rowsBySegment())
                .tailMap(firstUnsealed, true)
                .forEach((segment, rows) -> {
                    long[] sequenceNumbers = new long[rows];
                    metadata.scanRows(segment, (row, at) -> sequenceNumbers[row] = at);
                    if (Arrays.stream(sequenceNumbers).anyMatch(at -> at <= 0)) {
                        throw new ArbalestException(
                                ErrorCode.STORE_FAILED,
                                "rows of segment " + segment + " are missing from the store",
                                ArbalestException.REFILL);
                    }
                    parts.add(new Part(segment, sequenceNumbers));
                });
        for (Part each : parts) {
            GrowingSegment growing =
                    segments.restore(each.segment(), each.sequenceNumbers().length);
            int[] dead = {0};
            metadata.scanEnded(
                    each.segment(),
                    (row, at) -> {
                        growing.stamps().end(row, at);
                        dead[0]++;
                    });
            liveRows.put(each.segment(), each.sequenceNumbers().length - dead[0]);
        }
    }

    /** The sequence number of the first row that is still to be put back; large if none is. */
    long next() {
        return part == parts.size() ? Long.MAX_VALUE : parts.get(part).sequenceNumbers()[ordinal];
    }

    /** Puts a row back if it is the next one; others were dropped, or are sealed. */
    void offer(LoggedRows rows, int row, long sequenceNumber) {
        if (sequenceNumber != next()) {
            return;
        }
        Part at = parts.get(part);
        segments.restored(at.segment())
                .append(rows.vectors(), rows.vectorOffsets()[row], sequenceNumber);
        ordinal++;
        if (ordinal == at.sequenceNumbers().length) {
            part++;
            ordinal = 0;
        }
    }

    /**
     * Lets readers see the rows that were put back.
     *
     * @param appliedSequenceNumber of the store
     */
    void publish(long appliedSequenceNumber) {
        if (part < parts.size()) {
            throw new ArbalestException(
                    ErrorCode.LOG_CORRUPT,
                    "row "
                            + next()
                            + " of segment "
                            + parts.get(part).segment()
                            + " is in the store and not in the log",
                    ArbalestException.REFILL);
        }
        segments.publish(appliedSequenceNumber, liveRows);
    }
}
