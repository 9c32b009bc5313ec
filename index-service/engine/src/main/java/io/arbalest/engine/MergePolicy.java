package io.arbalest.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which sealed segments are merged next. Few segments make searches cheap, and dead rows cost
 * memory and steps; rewriting costs time. So segments of about the same size are merged when there
 * are several of them, each row being rewritten about once per factor of {@value #FACTOR} that its
 * segment grows; and a segment of which many rows are dead is rewritten with the smaller ones.
 *
 * <p>Thread-safe: no state.
 */
final class MergePolicy {
    /** Segments of one size that are merged together. */
    static final int FACTOR = 4;

    /** Of this share of dead rows on a segment is rewritten. */
    static final double DEAD_SHARE = 0.25;

    /** Live rows of a merged segment, at most: they are in memory while it is built. */
    static final int MAX_ROWS = 1 << 20;

    private MergePolicy() {}

    /** What the policy looks at. */
    interface Candidate {
        int rows();

        int live();
    }

    /**
     * The segments to merge into one; empty: none. Segments without a live row come alone.
     *
     * @param unit rows of a segment that was just sealed
     */
    static <T extends Candidate> List<T> choose(List<T> segments, int unit) {
        for (T segment : segments) {
            if (segment.live() == 0) {
                return List.of(segment);
            }
        }
        List<T> bySize = new ArrayList<>(segments);
        bySize.sort(Comparator.comparingInt(Candidate::live));
        for (T segment : bySize) {
            if (segment.rows() - segment.live() > DEAD_SHARE * segment.rows()) {
                return rewrite(segment, bySize);
            }
        }
        for (int from = 0; from + FACTOR <= bySize.size(); from++) {
            List<T> run = bySize.subList(from, from + FACTOR);
            if (tier(run.getFirst(), unit) == tier(run.getLast(), unit) && live(run) <= MAX_ROWS) {
                return List.copyOf(run);
            }
        }
        return List.of();
    }

    /** A segment with the smaller ones, as many as fit. */
    private static <T extends Candidate> List<T> rewrite(T segment, List<T> bySize) {
        List<T> chosen = new ArrayList<>(List.of(segment));
        long rows = segment.live();
        for (T other : bySize) {
            boolean smaller = !other.equals(segment) && other.live() <= segment.live();
            if (smaller && chosen.size() < FACTOR && rows + other.live() <= MAX_ROWS) {
                chosen.add(other);
                rows += other.live();
            }
        }
        return chosen;
    }

    private static long live(List<? extends Candidate> segments) {
        return segments.stream().mapToLong(Candidate::live).sum();
    }

    /** 0: up to a unit, 1: up to FACTOR units, and so on. */
    private static int tier(Candidate segment, int unit) {
        int tier = 0;
        for (long limit = unit; segment.live() > limit; limit *= FACTOR) {
            tier++;
        }
        return tier;
    }
}
