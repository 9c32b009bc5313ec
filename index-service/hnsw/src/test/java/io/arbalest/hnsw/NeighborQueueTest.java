package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

class NeighborQueueTest {
    @Test
    void keepsTheBestInOrderWithTiesByOrdinal() {
        SplittableRandom random = new SplittableRandom(Cases.SEED);
        NeighborQueue queue = new NeighborQueue(1);
        for (int round = 0; round < 300; round++) {
            int k = 1 + random.nextInt(20);
            queue.clear(k);
            int offers = random.nextInt(100);
            float[] scores = new float[offers];
            for (int i = 0; i < offers; i++) {
                scores[i] = (random.nextInt(30) - 15) / 4f * (random.nextBoolean() ? 1 : -1);
            }
            int[] shuffled = random.ints(offers).toArray();
            Integer[] order = IntStream.range(0, offers).boxed().toArray(Integer[]::new);
            Arrays.sort(order, Comparator.comparingInt(i -> shuffled[i]));
            for (int ordinal : order) {
                float bound = queue.worstScore();
                boolean taken = queue.offer(ordinal, scores[ordinal]);
                assertThat(taken || scores[ordinal] <= bound).isTrue();
            }
            Integer[] best = IntStream.range(0, offers).boxed().toArray(Integer[]::new);
            Arrays.sort(
                    best,
                    Comparator.comparingDouble((Integer i) -> -(scores[i] + 0f))
                            .thenComparingInt(i -> i));
            int[] expected = Arrays.stream(best).limit(k).mapToInt(i -> i).toArray();
            assertThat(queue.ordinalsBestFirst()).as("seed %s", Cases.SEED).isEqualTo(expected);
            assertThat(queue.size()).isEqualTo(expected.length);
            float[] found = queue.scoresBestFirst();
            for (int i = 0; i < expected.length; i++) {
                assertThat(found[i]).isEqualTo(scores[expected[i]] + 0f);
            }
            if (offers >= k) {
                assertThat(queue.worstScore()).isEqualTo(found[k - 1]);
            } else {
                assertThat(queue.worstScore()).isEqualTo(Float.NEGATIVE_INFINITY);
            }
        }
    }

    @Test
    void takesInfinitiesButNoNaN() {
        NeighborQueue queue = new NeighborQueue(3);
        assertThat(queue.offer(1, Float.NaN)).isFalse();
        assertThat(queue.offer(2, Float.NEGATIVE_INFINITY)).isTrue();
        assertThat(queue.offer(3, Float.POSITIVE_INFINITY)).isTrue();
        assertThat(queue.offer(4, 0f)).isTrue();
        assertThat(queue.ordinalsBestFirst()).containsExactly(3, 4, 2);
        assertThatThrownBy(() -> queue.clear(0)).isInstanceOf(IllegalArgumentException.class);
    }
}
