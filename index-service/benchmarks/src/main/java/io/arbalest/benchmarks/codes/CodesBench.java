package io.arbalest.benchmarks.codes;

import io.arbalest.benchmarks.ann.driver.LinkedBase;
import io.arbalest.benchmarks.churn.Sealed;
import io.arbalest.benchmarks.data.ArrayRows;
import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.sealed.CodeChoice;
import io.arbalest.hnsw.sealed.CodeKind;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.Metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One graph packed with each kind of code and without, the same queries asked of all in turns; and
 * what {@link CodeRule} chooses for it.
 *
 * <p>Confined to one thread.
 */
public final class CodesBench {
    /**
     * What to measure.
     *
     * @param truth for each query at least as many nearest rows as the largest of {@code ks}
     * @param hnsw its ef is the one that is searched with, and that the rule is given
     * @param threads that build
     * @param rounds in which all queries are asked of all; the fastest counts
     */
    public record Settings(
            float[][] base,
            float[][] queries,
            int[][] truth,
            Metric metric,
            HnswParams hnsw,
            int[] ks,
            int threads,
            int rounds) {}

    /**
     * One kind of code and k.
     *
     * @param chosen of which layouts it is the choice
     * @param recall mean share of the k nearest rows, by number, among the k returned
     * @param qps queries per second of wall time, one at a time
     */
    public record Row(
            CodeKind codes,
            List<IndexCodes.Layout> chosen,
            int k,
            double recall,
            double qps,
            long bytesPerPoint) {}

    private final Settings settings;

    public CodesBench(Settings settings) {
        this.settings = settings;
    }

    /** Builds, measures and hands on each row; the rule's reasons are progress. */
    public void run(Consumer<Row> sink, Consumer<String> progress) throws Exception {
        List<Sealed> graphs = new ArrayList<>();
        try (LinkedBase linked =
                LinkedBase.build(
                        new ArrayRows(settings.base()),
                        settings.metric(),
                        settings.hnsw().m(),
                        settings.hnsw().efConstruction(),
                        settings.threads())) {
            Map<IndexCodes.Layout, CodeChoice> choices = new EnumMap<>(IndexCodes.Layout.class);
            for (IndexCodes.Layout layout : IndexCodes.Layout.values()) {
                IndexCodes asked = new IndexCodes(IndexCodes.Kind.AUTO, layout);
                CodeChoice choice =
                        packed(linked, CodeRule.of(asked, settings.hnsw().ef())).choice();
                choices.put(layout, choice);
                progress.accept(layout + ": " + choice.codes() + ", because " + choice.reason());
            }
            for (CodeKind codes : CodeKind.values()) {
                PackedGraph packed = packed(linked, CodeRule.always(codes));
                graphs.add(Sealed.written(packed, ordinal -> ordinal));
            }
            for (int k : settings.ks()) {
                measure(graphs, choices, k, sink);
            }
        } finally {
            graphs.forEach(Sealed::close);
        }
    }

    private PackedGraph packed(LinkedBase linked, CodeRule rule) {
        return SealedGraphPacker.pack(
                linked.vectors(),
                linked.graph().source(),
                OrdinalSet.ALL,
                settings.base().length,
                rule);
    }

    private void measure(
            List<Sealed> graphs,
            Map<IndexCodes.Layout, CodeChoice> choices,
            int k,
            Consumer<Row> sink) {
        long[] fastest = new long[graphs.size()];
        long[] hits = new long[graphs.size()];
        Arrays.fill(fastest, Long.MAX_VALUE);
        for (int round = 0; round < settings.rounds(); round++) {
            for (int i = 0; i < fastest.length; i++) {
                int at = (i + round) % fastest.length;
                long begin = System.nanoTime();
                hits[at] = ask(graphs.get(at), k);
                fastest[at] = Math.min(fastest[at], System.nanoTime() - begin);
            }
        }
        double asked = settings.queries().length;
        int i = 0; // graphs are in the order of the kinds
        for (CodeKind codes : CodeKind.values()) {
            List<IndexCodes.Layout> chosen =
                    choices.entrySet().stream()
                            .filter(choice -> choice.getValue().codes() == codes)
                            .map(Map.Entry::getKey)
                            .toList();
            sink.accept(
                    new Row(
                            codes,
                            chosen,
                            k,
                            hits[i] / (asked * k),
                            asked * 1e9 / fastest[i],
                            graphs.get(i).graph().sizeBytes() / settings.base().length));
            i++;
        }
    }

    /** Asks all queries and counts what was found of the nearest. */
    private long ask(Sealed sealed, int k) {
        SealedSearcher searcher = sealed.graph().newSearcher();
        NeighborQueue results = new NeighborQueue(k);
        SearchLimits limits = SearchLimits.of(settings.hnsw().ef());
        long hits = 0;
        for (int query = 0; query < settings.queries().length; query++) {
            results.clear(k);
            searcher.search(settings.queries()[query], limits, OrdinalSet.ALL, results);
            int[] nearest = settings.truth()[query];
            for (int ordinal : results.ordinalsBestFirst()) {
                int row = sealed.rows()[ordinal];
                for (int place = 0; place < k; place++) {
                    hits += nearest[place] == row ? 1 : 0;
                }
            }
        }
        return hits;
    }
}
