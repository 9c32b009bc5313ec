package io.arbalest.benchmarks.disk;

import static io.arbalest.io.NativeMemory.Advice.PAGE_OUT;

import io.arbalest.benchmarks.ann.driver.LinkedBase;
import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.benchmarks.report.Percentiles;
import io.arbalest.common.OrdinalSet;
import io.arbalest.engine.SegmentMemory;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.NativeMemory;
import io.arbalest.io.SectionFile;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A sealed graph with codes once a point, in a file as a shard keeps it, searched with all of it in
 * memory and then with memory for a quarter of its vectors: the limit of the control group is what
 * the process has by then, the file without its vectors, and a quarter of those.
 *
 * <p>Reads are those that the device of the file has completed, whoever asked for them.
 *
 * <p>Confined to one thread.
 */
final class DiskBench {
    private static final int K = 10;
    private static final int ROWS_SECTION = 100;
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * The file.
     *
     * @param vectorBytes of it
     * @param openSeconds of opening it, without reading it
     */
    record Graph(SegmentMemory advice, long fileBytes, long vectorBytes, double openSeconds) {
        /** What may stay in memory of the file: all but its vectors, and a quarter of those. */
        long shareBytes() {
            return fileBytes - vectorBytes + vectorBytes / 4;
        }
    }

    /**
     * What there was to search with.
     *
     * @param limitBytes of the group; 0: none
     * @param cachedBytes of the file in memory at the end
     */
    record Memory(long limitBytes, long cachedBytes) {
        boolean limited() {
            return limitBytes > 0;
        }
    }

    /**
     * What was measured with one amount of memory.
     *
     * @param p50 microseconds of wall time, as p99
     * @param reads requests to the device a query
     * @param reranked vectors a query that were scored after the codes
     */
    record Row(
            Graph graph,
            Memory memory,
            int ef,
            double recall,
            double qps,
            double p50,
            double p99,
            double reads,
            double readBytes,
            double reranked) {}

    /**
     * To all queries.
     *
     * @param nanos that each took
     */
    private record Answers(long[] nanos, long hits, long reranked) {}

    /** Sets how much memory there is, before queries are asked; returns the limit, 0 for none. */
    @FunctionalInterface
    private interface Limit {
        long set() throws IOException;
    }

    /**
     * How to measure.
     *
     * @param passes over the queries that count, after one that does not
     */
    record Settings(
            float[][] queries,
            int[][] truth,
            Path file,
            int passes,
            List<Integer> efs,
            List<SegmentMemory> advices) {}

    private final Settings settings;
    private final Disk disk = new FileChannelDisk();
    private final Consumer<Row> sink;

    DiskBench(Settings settings, Consumer<Row> sink) {
        this.settings = settings;
        this.sink = sink;
    }

    /** Links, packs and writes the file. */
    static void build(MappedVectors base, Metric metric, HnswParams params, int threads, Path file)
            throws Exception {
        CodeRule rule = CodeRule.of(params.codes(), params.ef());
        try (LinkedBase linked =
                LinkedBase.build(base, metric, params.m(), params.efConstruction(), threads)) {
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            linked.vectors(),
                            linked.graph().source(),
                            OrdinalSet.ALL,
                            base.rows(),
                            rule);
            List<SectionFile.Section> sections = new ArrayList<>();
            for (SealedSection section : SealedSection.values()) {
                if (section != SealedSection.HEAD && packed.sizeBytes(section) > 0) {
                    sections.add(section(packed, section));
                }
            }
            sections.add(section(packed, SealedSection.HEAD));
            int[] rows = packed.newToOld();
            sections.add(
                    new SectionFile.Section(
                            ROWS_SECTION,
                            4L * rows.length,
                            target -> {
                                for (int i = 0; i < rows.length; i++) {
                                    target.set(INT, 4L * i, rows[i]);
                                }
                            }));
            SectionFile.write(new FileChannelDisk(), file, sections);
        }
    }

    private static SectionFile.Section section(PackedGraph packed, SealedSection section) {
        return new SectionFile.Section(
                section.number(),
                packed.sizeBytes(section),
                packed.unitBytes(section),
                (offset, piece) -> packed.write(section, offset, piece));
    }

    /** Measures and hands on each row as it is known; the process is in the group. */
    void run(MemoryGroup group) throws IOException {
        for (SegmentMemory advice : settings.advices()) {
            long begin = System.nanoTime();
            try (SectionFile sections = SectionFile.open(disk, settings.file())) {
                Map<SealedSection, MemorySegment> parts = new EnumMap<>(SealedSection.class);
                for (SealedSection section : SealedSection.values()) {
                    MemorySegment bytes = sections.section(section.number());
                    if (bytes.byteSize() > 0) {
                        parts.put(section, bytes);
                    }
                }
                SealedGraph all = SealedGraph.open(parts);
                int[] rows = sections.section(ROWS_SECTION).toArray(INT);
                double openSeconds = (System.nanoTime() - begin) / 1e9;
                all.verify(); // maps all of it, whoever had read it, so that it can be let go
                parts.values().forEach(part -> NativeMemory.advise(part, PAGE_OUT));
                advice.fill(parts);
                SealedGraph graph = SealedGraph.open(parts, advice.advise("the file", parts));
                sections.verify(); // brings all of it into memory
                Graph about =
                        new Graph(
                                advice,
                                sections.sizeBytes(),
                                sections.section(SealedSection.VECTORS.number()).byteSize(),
                                openSeconds);
                measure(graph, rows, about, group, () -> 0);
                measure(graph, rows, about, group, () -> limit(group, about));
                group.unlimit();
            }
        }
    }

    /**
     * Limits the memory to what the process has, once it has given back what it does not need, and
     * the share of the file. What the process gave back later would hold vectors.
     */
    private static long limit(MemoryGroup group, Graph graph) throws IOException {
        System.gc();
        long bytes = group.anonymousBytes() + graph.shareBytes();
        group.limit(bytes);
        return bytes;
    }

    private void measure(SealedGraph graph, int[] rows, Graph about, MemoryGroup group, Limit limit)
            throws IOException {
        for (int ef : settings.efs()) {
            limit.set();
            ask(1, graph, rows, ef); // to warm up, and to fill what memory there is
            long bytes = limit.set();
            long[] before = deviceReads();
            Answers answers = ask(settings.passes(), graph, rows, ef);
            long[] after = deviceReads();
            long cached = group.cachedBytes();
            long[] nanos = answers.nanos();
            double asked = nanos.length;
            Arrays.sort(nanos);
            sink.accept(
                    new Row(
                            about,
                            new Memory(bytes, cached),
                            ef,
                            answers.hits() / (K * asked),
                            asked * 1e9 / Arrays.stream(nanos).sum(),
                            Percentiles.of(nanos, 0.5) / 1e3,
                            Percentiles.of(nanos, 0.99) / 1e3,
                            (after[0] - before[0]) / asked,
                            (after[1] - before[1]) / asked,
                            answers.reranked() / asked));
        }
    }

    private Answers ask(int passes, SealedGraph graph, int[] rows, int ef) {
        SealedSearcher searcher = graph.newSearcher();
        NeighborQueue results = new NeighborQueue(K);
        int queries = settings.queries().length;
        long[] nanos = new long[queries * passes];
        long hits = 0;
        long reranked = 0;
        for (int i = 0; i < nanos.length; i++) {
            int query = i % queries;
            results.clear(K);
            long begin = System.nanoTime();
            searcher.search(
                    settings.queries()[query], SearchLimits.of(ef), OrdinalSet.ALL, results);
            nanos[i] = System.nanoTime() - begin;
            reranked += searcher.reranked();
            hits += hits(query, results, rows);
        }
        return new Answers(nanos, hits, reranked);
    }

    private int hits(int query, NeighborQueue results, int[] rows) {
        int hits = 0;
        for (int ordinal : results.ordinalsBestFirst()) {
            for (int place = 0; place < K; place++) {
                hits += settings.truth()[query][place] == rows[ordinal] ? 1 : 0;
            }
        }
        return hits;
    }

    /**
     * Requests that the device of the file has completed, and their bytes (Linux, block/stat.rst).
     */
    private long[] deviceReads() throws IOException {
        String device = Files.getFileStore(settings.file()).name();
        Path statistics =
                Path.of("/sys/class/block", Path.of(device).getFileName().toString(), "stat");
        String[] words =
                Files.readString(statistics, StandardCharsets.US_ASCII).strip().split(" +", -1);
        return new long[] {Long.parseLong(words[0]), 512 * Long.parseLong(words[2])};
    }
}
