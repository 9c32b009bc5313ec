package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Change;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.Field;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Puts the numbers of appended rows into {@linkplain ColumnFormat columns}, a run of rows and a
 * field at a time, and those of changed rows one by one. Nothing is read, and what is written of a
 * row is about its numbers: postings of numbers, of which nearly all are distinct, took ten times
 * as long.
 *
 * <p>Confined to the applier thread.
 */
final class ColumnWriter {
    private final List<Field> fields;
    private final int[] positions;

    /** Of the run that is gathered, by column and row. */
    private final long[][] numbers;

    private final boolean[][] isNull;
    private int segment;
    private int first;
    private int rows;

    ColumnWriter(List<Field> fields) {
        this.fields = fields;
        this.positions =
                IntStream.range(0, fields.size())
                        .filter(i -> ColumnFormat.columnar(fields.get(i)))
                        .toArray();
        this.numbers = new long[positions.length][ColumnFormat.MAX_RUN_ROWS];
        this.isNull = new boolean[positions.length][ColumnFormat.MAX_RUN_ROWS];
    }

    /**
     * Takes an appended row.
     *
     * @param values one a field
     * @param changes of the batch, which may get a run that has ended
     */
    void append(int segment, int ordinal, @Nullable Object[] values, List<Change> changes) {
        boolean follows = segment == this.segment && ordinal == first + rows;
        if (rows == ColumnFormat.MAX_RUN_ROWS || !follows) {
            addTo(changes);
        }
        if (rows == 0) {
            this.segment = segment;
            first = ordinal;
        }
        for (int column = 0; column < positions.length; column++) {
            Object value = values[positions[column]];
            boolean missing = missing(value);
            isNull[column][rows] = missing;
            if (!missing) {
                numbers[column][rows] = number(positions[column], Objects.requireNonNull(value));
            }
        }
        rows++;
    }

    /** Takes a row, any row, that has new values instead of the old ones. */
    void change(
            int segment,
            int ordinal,
            @Nullable Object[] old,
            @Nullable Object[] values,
            List<Change> changes) {
        for (int position : positions) {
            Object value = values[position];
            if (!Objects.equals(old[position], value)) {
                byte[] changed =
                        missing(value)
                                ? ColumnFormat.run(new long[1], new boolean[] {true}, 1)
                                : ColumnFormat.constant(
                                        number(position, Objects.requireNonNull(value)), 1);
                byte[] key = ColumnFormat.changedKey(position, segment, ordinal);
                changes.add(new Change(Family.COLUMNS, key, changed));
            }
        }
    }

    /** A NaN, which no writer may send, counts as null. */
    private static boolean missing(@Nullable Object value) {
        return value == null || (value instanceof Double number && number.isNaN());
    }

    private long number(int position, Object value) {
        return Terms.sortable(fields.get(position), value);
    }

    /** Adds the run that is gathered to a batch of the store. */
    void addTo(List<Change> changes) {
        for (int column = 0; column < positions.length && rows > 0; column++) {
            byte[] key = ColumnFormat.runKey(positions[column], segment, first);
            byte[] run = ColumnFormat.run(numbers[column], isNull[column], rows);
            changes.add(new Change(Family.COLUMNS, key, run));
        }
        rows = 0;
    }

    /** Forgets the run that is gathered: its batch did not get into the store. */
    void discard() {
        rows = 0;
    }

    /**
     * The column of rows that were posted by earlier releases, as runs.
     *
     * @param nulls one bit a row
     */
    static void addRuns(
            int position,
            int segment,
            long[] numbers,
            long[] nulls,
            int rows,
            List<Change> changes) {
        boolean[] isNull = new boolean[ColumnFormat.MAX_RUN_ROWS];
        for (int from = 0; from < rows; from += ColumnFormat.MAX_RUN_ROWS) {
            int to = Math.min(rows, from + ColumnFormat.MAX_RUN_ROWS);
            for (int row = from; row < to; row++) {
                isNull[row - from] = ((nulls[row >>> 6] >>> (row & 63)) & 1) != 0;
            }
            byte[] run = ColumnFormat.run(Arrays.copyOfRange(numbers, from, to), isNull, to - from);
            byte[] key = ColumnFormat.runKey(position, segment, from);
            changes.add(new Change(Family.COLUMNS, key, run));
        }
    }
}
