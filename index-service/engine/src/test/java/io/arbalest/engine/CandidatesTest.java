package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

class CandidatesTest {
    private static final CollectionDefinition DEFINITION =
            new CollectionDefinition(
                    "things",
                    new UUID(7, 11),
                    KeyType.INT64,
                    8,
                    Metric.L2,
                    HnswParams.DEFAULT,
                    List.of(),
                    1,
                    1);

    @Test
    void theBestAreTheFirstOfAllInOrderAndWhatTiesWithTheLast() {
        try (GrowingSegment segment = new GrowingSegment(0, 1, 0, DEFINITION)) {
            RandomCases.run(
                    300,
                    (random, seed) -> {
                        Candidates candidates = new Candidates(19);
                        List<Candidate> all = new ArrayList<>();
                        int size = random.nextInt(100);
                        for (int i = 0; i < size; i++) {
                            double score = random.nextInt(-20, 20) / 4.0;
                            candidates.add(segment, i, score);
                            all.add(new Candidate(segment, i, score));
                        }
                        double least =
                                random.nextBoolean()
                                        ? Double.NEGATIVE_INFINITY
                                        : random.nextInt(-30, 30) / 4.0;
                        int k = 1 + random.nextInt(30);
                        all.removeIf(c -> c.score() < least);
                        all.sort(Candidate::bestFirst);
                        List<Candidate> expected =
                                all.size() <= k
                                        ? all
                                        : all.stream()
                                                .filter(c -> c.score() >= all.get(k - 1).score())
                                                .toList();
                        assertThat(candidates.best(k, least))
                                .as("seed %s", seed)
                                .containsExactly(expected.toArray(new Candidate[0]));
                    });
        }
    }
}
