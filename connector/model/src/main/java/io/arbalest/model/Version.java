package io.arbalest.model;

import java.util.Comparator;

/**
 * What decides between two writes of one key: the higher triple wins, whatever the arrival order;
 * an equal triple is the same write and a no-op.
 *
 * @param generation raised on purpose to reprocess with a new model or a recreated topic; default 0
 * @param version a column, the event time or the Kafka offset
 * @param tiebreak the Kafka offset, else 0
 */
public record Version(int generation, long version, long tiebreak) implements Comparable<Version> {
    private static final Comparator<Version> ORDER =
            Comparator.comparingInt(Version::generation)
                    .thenComparingLong(Version::version)
                    .thenComparingLong(Version::tiebreak);

    @Override
    public int compareTo(Version other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return generation + "/" + version + "/" + tiebreak;
    }
}
