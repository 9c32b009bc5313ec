package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.github.jbellis.jvector.disk.RandomAccessReader;
import io.github.jbellis.jvector.disk.ReaderSupplier;
import io.github.jbellis.jvector.disk.ReaderSupplierFactory;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;

import org.jspecify.annotations.Nullable;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ForkJoinPool;

/**
 * JVector's graph with hierarchy over float32 vectors in memory, degree 2 m, as hnswlib's level 0
 * has.
 *
 * <p>As {@link Driver}.
 */
@SuppressWarnings("deprecation") // what replaces these calls keeps graphs on disk only
final class JvectorDriver implements Driver {
    private static final float NEIGHBOR_OVERFLOW = 1.2f; // of its own examples
    private static final float ALPHA = 1.2f;
    private static final String FILE = "jvector";

    private final DriverOptions options;
    private final MappedVectors base;
    private final VectorTypeSupport types =
            VectorizationProvider.getInstance().getVectorTypeSupport();
    private @Nullable RandomAccessVectorValues vectors;
    private @Nullable ImmutableGraphIndex graph;

    JvectorDriver(DriverOptions options, MappedVectors base) {
        this.options = options;
        this.base = base;
    }

    @Override
    public void build() throws Exception {
        RandomAccessVectorValues values = read();
        try (ForkJoinPool pool = new ForkJoinPool(options.threads());
                GraphIndexBuilder builder = builder(values, pool)) {
            graph = builder.build(values);
        }
        vectors = values;
    }

    @Override
    public boolean canKeep() {
        return true;
    }

    @Override
    public void keep() throws IOException {
        try (DataOutputStream out =
                new DataOutputStream(
                        new BufferedOutputStream(Files.newOutputStream(options.file(FILE))))) {
            onHeap(graph()).save(out);
        }
    }

    @Override
    public void open() throws Exception {
        RandomAccessVectorValues values = read();
        try (ForkJoinPool pool = new ForkJoinPool(options.threads());
                GraphIndexBuilder builder = builder(values, pool);
                ReaderSupplier supplier = ReaderSupplierFactory.open(options.file(FILE));
                RandomAccessReader reader = supplier.get()) {
            builder.load(reader);
            OnHeapGraphIndex opened = onHeap(builder.getGraph());
            opened.setAllMutationsCompleted();
            graph = opened;
        }
        vectors = values;
    }

    private RandomAccessVectorValues read() {
        List<VectorFloat<?>> rows = new ArrayList<>(base.rows());
        for (int i = 0; i < base.rows(); i++) {
            float[] row = new float[base.dimension()];
            base.read(i, row);
            rows.add(types.createFloatVector(row));
        }
        return new ListRandomAccessVectorValues(rows, base.dimension());
    }

    private GraphIndexBuilder builder(RandomAccessVectorValues values, ForkJoinPool pool) {
        return new GraphIndexBuilder(
                BuildScoreProvider.randomAccessScoreProvider(values, similarity()),
                base.dimension(),
                2 * options.m(),
                options.efConstruction(),
                NEIGHBOR_OVERFLOW,
                ALPHA,
                true,
                true,
                pool,
                pool);
    }

    private static OnHeapGraphIndex onHeap(ImmutableGraphIndex graph) throws IOException {
        if (graph instanceof OnHeapGraphIndex index) {
            return index;
        }
        throw new IOException("a " + graph.getClass().getName() + ", expected OnHeapGraphIndex");
    }

    @Override
    public long bytes() {
        return graph().ramBytesUsed() + (long) Float.BYTES * base.dimension() * base.rows();
    }

    @Override
    public Searcher newSearcher() {
        GraphSearcher searcher = new GraphSearcher(graph());
        RandomAccessVectorValues values = Objects.requireNonNull(vectors, "not built");
        return (query, ef, found) -> {
            SearchResult result =
                    searcher.search(
                            DefaultSearchScoreProvider.exact(
                                    types.createFloatVector(query), similarity(), values),
                            options.k(),
                            Math.max(ef, options.k()),
                            0f,
                            0f,
                            Bits.ALL);
            SearchResult.NodeScore[] nodes = result.getNodes();
            for (int i = 0; i < Math.min(nodes.length, found.length); i++) {
                found[i] = nodes[i].node;
            }
        };
    }

    private VectorSimilarityFunction similarity() {
        return switch (options.metric()) {
            case L2 -> VectorSimilarityFunction.EUCLIDEAN;
            case IP -> VectorSimilarityFunction.DOT_PRODUCT;
            case COSINE -> VectorSimilarityFunction.COSINE;
        };
    }

    private ImmutableGraphIndex graph() {
        return Objects.requireNonNull(graph, "not built");
    }
}
