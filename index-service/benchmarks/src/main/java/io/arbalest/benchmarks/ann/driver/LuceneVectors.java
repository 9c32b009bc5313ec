package io.arbalest.benchmarks.ann.driver;

import io.arbalest.model.Metric;

import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.VectorSimilarityFunction;

/**
 * How Lucene keeps vectors in every comparison with it.
 *
 * <p>Thread-safe: no state.
 */
public final class LuceneVectors {
    private LuceneVectors() {}

    /** HNSW over float32 vectors of any dimension, built by one thread. */
    public static Codec codec(int m, int efConstruction) {
        return codec(new Lucene99HnswVectorsFormat(m, efConstruction));
    }

    /** A format for vectors of any dimension. */
    static Codec codec(KnnVectorsFormat vectors) {
        return new Lucene104Codec() {
            @Override
            public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                return new AnyDimension(vectors);
            }
        };
    }

    /** Lucene's name of a metric. */
    public static VectorSimilarityFunction similarity(Metric metric) {
        return switch (metric) {
            case L2 -> VectorSimilarityFunction.EUCLIDEAN;
            case IP -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
            case COSINE -> VectorSimilarityFunction.COSINE;
        };
    }
}
