package io.arbalest.benchmarks.data;

/**
 * Rows on the heap.
 *
 * @param points one row at least
 */
public record ArrayRows(float[][] points) implements RowReader {
    @Override
    public int rows() {
        return points.length;
    }

    @Override
    public int dimension() {
        return points[0].length;
    }

    @Override
    public void read(int row, float[] target) {
        System.arraycopy(points[row], 0, target, 0, target.length);
    }
}
