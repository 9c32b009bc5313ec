package io.arbalest.benchmarks.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Throughput of one system against recall: the points measured that no other point of it beats in
 * both. Between two neighbouring points the logarithm of the throughput is taken as linear in the
 * recall; nothing is said outside them.
 *
 * <p>Confined to one thread.
 */
public final class RecallCurve {
    private record Point(double recall, double qps) {}

    private final List<Point> points = new ArrayList<>();

    /** Adds what was measured at one setting; queries per second must be above 0. */
    public void add(double recall, double qps) {
        if (!(recall >= 0 && recall <= 1) || !(qps > 0)) {
            throw new IllegalArgumentException("recall " + recall + ", qps " + qps);
        }
        points.add(new Point(recall, qps));
    }

    /**
     * Throughput at a recall.
     *
     * @return NaN if the recall is not between the least and the highest measured one
     */
    public double qpsAt(double recall) {
        List<Point> front = front();
        for (int i = 0; i < front.size(); i++) {
            Point above = front.get(i);
            if (above.recall() == recall) {
                return above.qps();
            }
            if (above.recall() > recall) {
                if (i == 0) {
                    return Double.NaN;
                }
                Point below = front.get(i - 1);
                double share = (recall - below.recall()) / (above.recall() - below.recall());
                return below.qps() * Math.pow(above.qps() / below.qps(), share);
            }
        }
        return Double.NaN;
    }

    /** Throughput that the system has at least at this recall; 0 if it was never measured there. */
    public double qpsAtLeast(double recall) {
        double best = 0;
        for (Point point : points) {
            if (point.recall() >= recall) {
                best = Math.max(best, point.qps());
            }
        }
        return best;
    }

    /** Ascending in recall, descending in throughput. */
    private List<Point> front() {
        List<Point> sorted = new ArrayList<>(points);
        sorted.sort(
                Comparator.comparingDouble(Point::recall)
                        .thenComparingDouble(Point::qps)
                        .reversed());
        List<Point> front = new ArrayList<>();
        double best = 0;
        for (Point point : sorted) {
            if (point.qps() > best) {
                best = point.qps();
                front.addFirst(point);
            }
        }
        return front;
    }
}
