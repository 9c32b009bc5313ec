package io.arbalest.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Points of one shard that are sent, acknowledged and, if need be, sent again together. Kept as
 * points, not as Arrow buffers, so that what waits costs heap within the writer's budget and no
 * native memory.
 *
 * <p>Filled under the lane's lock, then confined to the lane.
 */
final class WriteBatch {
    /** Bytes of a row beside its key, vector and metadata: objects, versions, validity. */
    private static final long ROW_OVERHEAD = 64;

    private static final long SCALAR_BYTES = 16;

    private final List<Point> points = new ArrayList<>();
    private long bytes;
    private long sequence = -1;
    private long sentNanos;

    void add(Point point, long pointBytes) {
        points.add(point);
        bytes += pointBytes;
    }

    List<Point> points() {
        return points;
    }

    int rows() {
        return points.size();
    }

    long bytes() {
        return bytes;
    }

    /** Position in the stream that it was last sent on. */
    long sequence() {
        return sequence;
    }

    long sentNanos() {
        return sentNanos;
    }

    void sent(long newSequence, long nanos) {
        sequence = newSequence;
        sentNanos = nanos;
    }

    /** What a point counts against the budget. */
    static long bytesOf(Point point) {
        short[] vector = point.vector();
        long sum =
                ROW_OVERHEAD
                        + point.key().canonicalBytes().length
                        + (vector == null ? 0 : 2L * vector.length);
        for (Object value : point.metadata().values()) {
            sum += bytesOf(value);
        }
        return sum;
    }

    private static long bytesOf(Object value) {
        if (value instanceof String text) {
            return SCALAR_BYTES + text.length();
        }
        if (value instanceof List<?> list) {
            long sum = SCALAR_BYTES;
            for (Object element : list) {
                sum += element == null ? 0 : bytesOf(element);
            }
            return sum;
        }
        return SCALAR_BYTES;
    }
}
