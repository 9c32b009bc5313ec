package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/** Which segments the policy picks. */
final class MergePolicyTest {
    private static final int UNIT = 1000;

    private record Size(int number, int rows, int live) implements MergePolicy.Candidate {}

    @Test
    void fewOrUnequalSegmentsStay() {
        assertThat(MergePolicy.choose(List.<Size>of(), UNIT)).isEmpty();
        List<Size> unequal =
                List.of(
                        new Size(1, 1000, 1000),
                        new Size(2, 900, 900),
                        new Size(3, 4000, 4000),
                        new Size(4, 16_000, 16_000));
        assertThat(MergePolicy.choose(unequal, UNIT)).isEmpty();
    }

    @Test
    void deadSegmentsGoAlone() {
        Size dead = new Size(2, 1000, 0);
        assertThat(MergePolicy.choose(List.of(new Size(1, 10, 10), dead), UNIT))
                .containsExactly(dead);
    }

    @Test
    void aSegmentWithManyDeadRowsIsRewrittenWithSmallerOnes() {
        Size rotten = new Size(1, 1000, 700);
        Size small = new Size(2, 300, 300);
        Size large = new Size(3, 4000, 4000);
        assertThat(MergePolicy.choose(List.of(large, rotten, small), UNIT))
                .containsExactly(rotten, small);
    }

    @Test
    void everyRowIsRewrittenOncePerFactor() {
        List<Size> segments = new ArrayList<>();
        long rewritten = 0;
        int sealed = 4096;
        for (int i = 0; i < sealed; i++) {
            segments.add(new Size(i, UNIT, UNIT));
            for (List<Size> next = MergePolicy.choose(segments, UNIT);
                    !next.isEmpty();
                    next = MergePolicy.choose(segments, UNIT)) {
                int rows = next.stream().mapToInt(Size::live).sum();
                assertThat(rows).isLessThanOrEqualTo(MergePolicy.MAX_ROWS);
                segments.removeAll(next);
                segments.add(new Size(-i - 1, rows, rows));
                rewritten += rows;
            }
        }
        assertThat(rewritten).isLessThanOrEqualTo(6L * sealed * UNIT);
        assertThat(segments.size()).isLessThanOrEqualTo(4096 / 256 + 4 * MergePolicy.FACTOR);
    }

    @Test
    void itComesToAnEnd() {
        RandomCases.run(
                200,
                (random, _) -> {
                    List<Size> segments = new ArrayList<>();
                    for (int i = random.nextInt(30); i > 0; i--) {
                        int rows = 1 + random.nextInt(20_000);
                        segments.add(new Size(i, rows, random.nextInt(rows + 1)));
                    }
                    int merges = 0;
                    for (List<Size> next = MergePolicy.choose(segments, UNIT);
                            !next.isEmpty();
                            next = MergePolicy.choose(segments, UNIT)) {
                        int live = next.stream().mapToInt(Size::live).sum();
                        segments.removeAll(next);
                        if (live > 0) {
                            segments.add(new Size(-merges - 1, live, live));
                        }
                        assertThat(++merges).isLessThan(200);
                    }
                });
    }
}
