package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.util.List;

class BruteForceIndexTest {
    @Test
    void closestFirstWithEveryMetric() {
        for (Metric metric : Metric.values()) {
            BruteForceIndex<String> index = new BruteForceIndex<>(metric, 2);
            index.put("near", new float[] {1, 0.1f});
            index.put("far", new float[] {-1, 0});
            index.put("middle", new float[] {0.5f, 0.8f});
            assertThat(index.search(new float[] {1, 0}, 2).stream().map(BruteForceIndex.Hit::key))
                    .containsExactly("near", "middle");
        }
    }

    @Test
    void scoresFollowTheMetric() {
        float[] a = {3, 4};
        float[] b = {1, 0};
        assertThat(BruteForceIndex.score(Metric.L2, a, b)).isEqualTo(-20);
        assertThat(BruteForceIndex.score(Metric.IP, a, b)).isEqualTo(3);
        assertThat(BruteForceIndex.score(Metric.COSINE, a, b)).isCloseTo(0.6, within(1e-12));
    }

    @Test
    void recallCountsTiesAtTheEdgeAsFound() {
        BruteForceIndex<Integer> index = new BruteForceIndex<>(Metric.L2, 1);
        index.put(1, new float[] {1});
        index.put(2, new float[] {2});
        index.put(3, new float[] {-2});
        float[] query = {0};
        assertThat(index.recall(query, List.of(1, 3), 2)).isEqualTo(1);
        assertThat(index.recall(query, List.of(1), 2)).isEqualTo(0.5);
        assertThat(index.recall(query, List.of(3, 3), 1)).isZero();
        assertThat(index.search(query, 5, key -> key != 1)).hasSize(2);
        assertThat(index.remove(1)).isTrue();
        assertThat(index.size()).isEqualTo(2);
    }
}
