package io.arbalest.testkit;

import io.arbalest.model.Metric;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Predicate;

/**
 * The truth: exact nearest neighbours by scoring every point in double precision, in direct form.
 * Scores follow {@link Metric}: larger is closer. Equal scores are ordered by key.
 *
 * <p>Confined to one thread.
 *
 * @param <K> key of a point
 */
public final class BruteForceIndex<K extends Comparable<? super K>> {
    private final Metric metric;
    private final int dimension;
    private final SequencedMap<K, float[]> vectors = new LinkedHashMap<>();

    public BruteForceIndex(Metric metric, int dimension) {
        this.metric = metric;
        this.dimension = dimension;
    }

    /** Adds or replaces a point; the array is copied. */
    public void put(K key, float[] vector) {
        if (vector.length != dimension) {
            throw new IllegalArgumentException(
                    "expected dimension " + dimension + ", got " + vector.length);
        }
        vectors.put(key, vector.clone());
    }

    /** Removes a point; false if it is unknown. */
    public boolean remove(K key) {
        return vectors.remove(key) != null;
    }

    /** How many points there are. */
    public int size() {
        return vectors.size();
    }

    /** The k closest points, closest first. */
    public List<Hit<K>> search(float[] query, int k) {
        return search(query, k, _ -> true);
    }

    /** The k closest points whose key is accepted, closest first. */
    public List<Hit<K>> search(float[] query, int k, Predicate<K> accepted) {
        List<Hit<K>> hits = new ArrayList<>();
        vectors.forEach((key, vector) -> {
            if (accepted.test(key)) {
                hits.add(new Hit<>(key, score(metric, query, vector)));
            }
        });
        hits.sort(
                Comparator.<Hit<K>>comparingDouble(Hit::score)
                        .reversed()
                        .thenComparing(Hit::key, Comparator.naturalOrder()));
        return List.copyOf(hits.subList(0, Math.min(k, hits.size())));
    }

    /**
     * The share of the true k nearest that {@code found} holds. A found point counts if its true
     * score reaches that of the k-th true neighbour, so that ties at the edge do not depend on
     * their order.
     */
    public double recall(float[] query, List<K> found, int k) {
        List<Hit<K>> truth = search(query, k);
        if (truth.isEmpty()) {
            return 1;
        }
        double worst = truth.getLast().score();
        long right =
                found.stream()
                        .distinct()
                        .limit(k)
                        .map(vectors::get)
                        .filter(vector -> vector != null && score(metric, query, vector) >= worst)
                        .count();
        return (double) right / truth.size();
    }

    /** The score of two vectors, accumulated in double precision. */
    public static double score(Metric metric, float[] query, float[] vector) {
        double dot = 0;
        double squaredDistance = 0;
        double querySquared = 0;
        double vectorSquared = 0;
        for (int i = 0; i < query.length; i++) {
            double difference = (double) query[i] - vector[i];
            dot += (double) query[i] * vector[i];
            squaredDistance += difference * difference;
            querySquared += (double) query[i] * query[i];
            vectorSquared += (double) vector[i] * vector[i];
        }
        return switch (metric) {
            case L2 -> -squaredDistance;
            case IP -> dot;
            case COSINE -> dot / Math.sqrt(querySquared * vectorSquared);
        };
    }

    /**
     * One found point.
     *
     * @param score larger is closer
     */
    public record Hit<K>(K key, double score) {}
}
