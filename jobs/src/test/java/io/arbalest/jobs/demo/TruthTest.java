package io.arbalest.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.Hit;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.jobs.PackageText;
import io.arbalest.model.Binary16;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

class TruthTest {
    private static final Path DATA = Path.of("src", "main", "demo-data", "debian-packages");
    private static final Version VERSION = new Version(0, 1, 1);
    private static final int K = 10;

    private final WordVectorEmbedder embedder = WordVectorEmbedder.shared(DATA);
    private final List<String> lines = Catalogue.read(DATA, 500);
    private final List<Ledger.Expected> rows =
            lines.stream()
                    .map(line -> new Ledger.Expected(Catalogue.name(line), line, VERSION))
                    .toList();
    private final Truth truth = Truth.of(rows, embedder);
    private final List<float[]> queries = Truth.queries(lines, embedder, 40, 3);

    private List<Hit> ranked(float[] query) {
        List<Hit> hits = new ArrayList<>();
        for (Ledger.Expected row : rows) {
            double score = 0;
            short[] vector = truth.vector(row.key());
            for (int i = 0; i < query.length; i++) {
                score += (double) query[i] * Binary16.toFloat(vector[i]);
            }
            hits.add(new Hit(PointKey.of(row.key()), score, VERSION, null, Map.of()));
        }
        hits.sort(Comparator.comparingDouble(Hit::score).reversed());
        return hits;
    }

    @Test
    void exactAnswersHaveFullRecall() {
        List<List<Hit>> answers =
                queries.stream().map(query -> ranked(query).subList(0, K)).toList();
        assertThat(truth.recall(queries, answers, K)).isEqualTo(1.0);
    }

    @Test
    void theSecondTenHaveNone() {
        List<List<Hit>> answers =
                queries.stream()
                        .map(query -> {
                            List<Hit> all = ranked(query);
                            double tenth = all.get(K - 1).score();
                            return all.stream()
                                    .filter(hit -> hit.score() < tenth - 1e-6)
                                    .limit(K)
                                    .toList();
                        })
                        .toList();
        assertThat(truth.recall(queries, answers, K)).isZero();
    }

    @Test
    void aHitCountsOnceAndUnknownKeysDoNot() {
        List<List<Hit>> answers =
                queries.stream()
                        .map(query -> {
                            Hit best = ranked(query).get(0);
                            return List.of(
                                    best,
                                    best,
                                    new Hit(
                                            PointKey.of("no such package"),
                                            9,
                                            VERSION,
                                            null,
                                            Map.of()));
                        })
                        .toList();
        assertThat(truth.recall(queries, answers, K))
                .isCloseTo(0.1, org.assertj.core.data.Offset.offset(1e-12));
    }

    @Test
    void queriesAreTheSameForTheSameSeed() {
        List<float[]> again = Truth.queries(lines, embedder, 40, 3);
        assertThat(again).hasSize(40).usingRecursiveComparison().isEqualTo(queries);
    }

    @Test
    void theDemoAndTheJobComposeTheSameText() {
        for (String line : lines) {
            assertThat(Catalogue.text(Catalogue.parse(line)))
                    .isEqualTo(PackageText.compose(Catalogue.parse(line)));
        }
    }
}
