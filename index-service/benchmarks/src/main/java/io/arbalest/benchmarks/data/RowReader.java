package io.arbalest.benchmarks.data;

/** Rows of floats that can be read in any order. */
public interface RowReader {
    /** Number of rows. */
    int rows();

    /** Elements of every row. */
    int dimension();

    /** Copies a row, 0 to {@link #rows} - 1. */
    void read(int row, float[] target);
}
