package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.JsonNode;

import io.arbalest.client.Hit;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.PointKey;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The right answers, computed by the demo itself from its own input: every expected row is embedded
 * here, rounded to binary16 as it is sent, and compared with every query in double precision.
 *
 * <p>Thread-safe.
 */
final class Truth {
    /**
     * Two scores that differ by less are equal: what is left of double rounding over 192
     * components.
     */
    private static final double EPSILON = 1e-9;

    private static final int MAX_QUERY_TRIES = 10;

    private final Map<String, Integer> rows;
    private final short[][] vectors;

    private Truth(Map<String, Integer> rows, short[][] vectors) {
        this.rows = rows;
        this.vectors = vectors;
    }

    /** Embeds the expected rows. */
    static Truth of(List<Ledger.Expected> expected, WordVectorEmbedder embedder) {
        Map<String, Integer> rows = new HashMap<>();
        for (Ledger.Expected row : expected) {
            rows.put(row.key(), rows.size());
        }
        short[][] vectors = new short[expected.size()][];
        IntStream.range(0, vectors.length)
                .parallel()
                .forEach(row -> {
                    JsonNode record = Catalogue.parse(expected.get(row).value());
                    vectors[row] = round(embedder.embed(Catalogue.text(record)));
                });
        return new Truth(rows, vectors);
    }

    private static short[] round(float[] vector) {
        short[] halves = new short[vector.length];
        for (int component = 0; component < halves.length; component++) {
            halves[component] = Binary16.fromFloat(vector[component]);
        }
        return halves;
    }

    /** The vector that the index must hold for an expected row. */
    short[] vector(String key) {
        Integer row = rows.get(key);
        if (row == null) {
            throw new IllegalArgumentException(key);
        }
        return vectors[row];
    }

    /**
     * Query texts that are no record's text: summaries of random records of which about a third of
     * the words are dropped.
     */
    static List<float[]> queries(
            List<String> lines, WordVectorEmbedder embedder, int count, long seed) {
        Random random = new Random(seed);
        List<float[]> queries = new ArrayList<>();
        for (int tries = 0; queries.size() < count && tries < count * MAX_QUERY_TRIES; tries++) {
            String summary =
                    Catalogue.parse(lines.get(random.nextInt(lines.size())))
                            .path("summary")
                            .asText();
            List<String> words = new ArrayList<>(Arrays.asList(summary.split("\\s+")));
            for (int drop = (words.size() + 1) / 3; drop > 0; drop--) {
                words.remove(random.nextInt(words.size()));
            }
            try {
                queries.add(embedder.embed(String.join(" ", words)));
            } catch (ArbalestException e) {
                // nothing but unknown words was left of it: the next random summary takes its place
            }
        }
        return queries;
    }

    /**
     * The mean share of the k best that were found. A hit counts if its true score is not below the
     * k-th best: of equal scores any may be returned.
     *
     * @param answers one list a query
     */
    double recall(List<float[]> queries, List<List<Hit>> answers, int k) {
        return IntStream.range(0, queries.size())
                .parallel()
                .mapToDouble(query -> recall(queries.get(query), answers.get(query), k))
                .average()
                .orElse(0);
    }

    private double recall(float[] query, List<Hit> answer, int k) {
        double[] best = new double[Math.min(k, vectors.length)];
        Arrays.fill(best, Double.NEGATIVE_INFINITY);
        for (short[] vector : vectors) {
            double score = score(query, vector);
            if (score > best[0]) {
                best[0] = score;
                Arrays.sort(best);
            }
        }
        Set<PointKey> counted = new HashSet<>();
        for (Hit hit : answer) {
            Integer row = rows.get(hit.key().toString());
            if (row != null && score(query, vectors[row]) >= best[0] - EPSILON) {
                counted.add(hit.key());
            }
        }
        return Math.min(counted.size(), best.length) / (double) best.length;
    }

    private static double score(float[] query, short[] vector) {
        double sum = 0;
        for (int component = 0; component < query.length; component++) {
            sum += (double) query[component] * Binary16.toFloat(vector[component]);
        }
        return sum;
    }
}
