package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.VectorFile;

import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

import java.io.IOException;

/**
 * A format of Lucene without its limit of 1,024 dimensions, which is a policy and not a property of
 * the format. The segment records the inner format's name, so readers need nothing of this class.
 *
 * <p>As thread-safe as the inner format.
 */
final class AnyDimension extends KnnVectorsFormat {
    private final KnnVectorsFormat inner;

    AnyDimension(KnnVectorsFormat inner) {
        super(inner.getName());
        this.inner = inner;
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
        return inner.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
        return inner.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
        return VectorFile.MOST_DIMENSIONS;
    }
}
