package io.arbalest.benchmarks.data;

import io.arbalest.model.HnswParams;

import picocli.CommandLine.Option;

/** Options that say how graphs are built; add it with picocli's {@code @Mixin}. */
public final class GraphOptions {
    @Option(
            names = "--m",
            paramLabel = "N",
            description = "links per point, twice as many on level 0; default: ${DEFAULT-VALUE}")
    int m = 16;

    @Option(
            names = "--ef-construction",
            paramLabel = "N",
            description = "candidates while a point is linked; default: ${DEFAULT-VALUE}")
    int efConstruction = 200;

    /** Links per point on the upper levels. */
    public int m() {
        return m;
    }

    /** Candidates kept while a point is linked. */
    public int efConstruction() {
        return efConstruction;
    }

    /**
     * With candidates of a search.
     *
     * @throws io.arbalest.model.ArbalestException if one of the numbers is out of bounds
     */
    public HnswParams hnsw(int ef) {
        return new HnswParams(m, efConstruction, ef);
    }
}
