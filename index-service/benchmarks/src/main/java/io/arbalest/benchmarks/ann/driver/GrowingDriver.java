package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSearcher;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/**
 * {@code arbalest-growing}: the graph of a growing segment.
 *
 * <p>As {@link Driver}.
 */
final class GrowingDriver implements Driver {
    private final DriverOptions options;
    private final MappedVectors base;
    private @Nullable LinkedBase linked;

    GrowingDriver(DriverOptions options, MappedVectors base) {
        this.options = options;
        this.base = base;
    }

    @Override
    public void build() throws Exception {
        linked = LinkedBase.build(options, base);
    }

    @Override
    public long bytes() {
        return linked().bytes();
    }

    @Override
    public Searcher newSearcher() {
        LinkedBase searched = linked();
        GraphSearcher searcher = searched.graph().newSearcher();
        NeighborQueue results = new NeighborQueue(options.k());
        return (query, ef, found) -> {
            results.clear(options.k());
            searcher.search(
                    searched.vectors().prepare(query),
                    SearchLimits.of(ef),
                    OrdinalSet.ALL,
                    results);
            int[] ordinals = results.ordinalsBestFirst();
            System.arraycopy(ordinals, 0, found, 0, ordinals.length);
        };
    }

    @Override
    public void close() {
        if (linked != null) {
            linked.close();
        }
    }

    private LinkedBase linked() {
        return Objects.requireNonNull(linked, "not built");
    }
}
