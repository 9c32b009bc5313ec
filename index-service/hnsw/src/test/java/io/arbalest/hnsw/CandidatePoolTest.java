package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.SplittableRandom;

/** A pool against a sorted array. */
class CandidatePoolTest {
    private static final long SEED = Long.getLong("seed", 5);

    @Test
    void theBestAreKeptAndOnlyThoseWithinReachAreExpanded() {
        SplittableRandom random = new SplittableRandom(SEED);
        CandidatePool pool = new CandidatePool(); // used again and again, as walks do
        for (int round = 0; round < 500; round++) {
            int reach = random.nextInt(1, 20);
            int limit = reach + random.nextInt(0, 10);
            pool.clear(limit, reach);
            long[] all = new long[0];
            boolean[] expanded = new boolean[100];
            for (int ordinal = 0; ordinal < 100; ordinal++) {
                long point = ScoredOrdinal.of(random.nextInt(50), ordinal);
                int before = Math.min(all.length, reach);
                boolean reached = before < reach || point > all[all.length - reach];
                assertThat(pool.reaches(point)).isEqualTo(reached);
                if (pool.takes(point)) {
                    pool.add(point);
                }
                all = Arrays.copyOf(all, all.length + 1);
                all[ordinal] = point;
                Arrays.sort(all);
                int size = Math.min(all.length, limit);
                assertThat(pool.size()).isEqualTo(size);
                for (int place = 0; place < size; place++) {
                    assertThat(pool.get(place))
                            .as("round %s, seed %s", round, SEED)
                            .isEqualTo(all[all.length - 1 - place]);
                }
                if (random.nextInt(3) == 0) {
                    long expected = Long.MIN_VALUE;
                    for (int place = Math.min(size, reach) - 1; place >= 0; place--) {
                        long at = all[all.length - 1 - place];
                        expected = expanded[ScoredOrdinal.ordinal(at)] ? expected : at;
                    }
                    assertThat(pool.bestUnexpanded()).isEqualTo(expected);
                    if (expected != Long.MIN_VALUE) {
                        pool.markExpanded();
                        expanded[ScoredOrdinal.ordinal(expected)] = true;
                    }
                }
            }
        }
    }
}
