package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.common.OrdinalSet;
import io.arbalest.engine.SegmentMemory;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.PointRanges;
import io.arbalest.hnsw.sealed.SealedGraph;
import io.arbalest.hnsw.sealed.SealedGraphPacker;
import io.arbalest.hnsw.sealed.SealedSearcher;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.NativeMemory;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * {@code arbalest} and its sealed variants: linked, then packed as a sealed segment is. Built, the
 * sections are in memory; opened, they are mapped files. Either way what walks read lies in huge
 * pages, as in a node.
 *
 * <p>As {@link Driver}.
 */
final class SealedDriver implements Driver {
    private static final String ROWS_FILE = "rows";
    private static final long WRITE_BYTES = 16 << 20;

    private final DriverOptions options;
    private final MappedVectors base;
    private final CodeRule codes;
    private final Arena arena = Arena.ofShared();
    private final Map<SealedSection, MemorySegment> sections = new EnumMap<>(SealedSection.class);
    private int[] newToOld = {};
    private @Nullable SealedGraph graph;

    SealedDriver(DriverOptions options, MappedVectors base, CodeRule codes) {
        this.options = options;
        this.base = base;
        this.codes = codes;
    }

    @Override
    public void build() throws Exception {
        try (LinkedBase linked = LinkedBase.build(options, base);
                ExecutorService pool = Executors.newFixedThreadPool(options.threads())) {
            PackedGraph packed =
                    SealedGraphPacker.pack(
                            linked.vectors(),
                            linked.graph().source(),
                            OrdinalSet.ALL,
                            base.rows(),
                            codes,
                            PointRanges.on(pool, options.threads()));
            boolean coded =
                    packed.sizeBytes(SealedSection.CODES) + packed.sizeBytes(SealedSection.BLOCKS)
                            > 0;
            SealedSection[] all = SealedSection.values();
            for (int i = 1; i <= all.length; i++) {
                SealedSection section = all[i % all.length]; // the head last
                long bytes = packed.sizeBytes(section);
                MemorySegment target =
                        NativeMemory.reserve(
                                        arena,
                                        Math.max(1, bytes),
                                        section != SealedSection.VECTORS || !coded)
                                .asSlice(0, bytes);
                packed.write(section, target);
                sections.put(section, target);
            }
            newToOld = packed.newToOld();
        }
        graph = SealedGraph.open(sections);
    }

    @Override
    public boolean canKeep() {
        return true;
    }

    @Override
    public void keep() throws IOException {
        for (Map.Entry<SealedSection, MemorySegment> section : sections.entrySet()) {
            write(options.file(name(section.getKey())), section.getValue());
        }
        try (Arena copy = Arena.ofConfined()) {
            write(options.file(ROWS_FILE), copy.allocateFrom(ValueLayout.JAVA_INT, newToOld));
        }
    }

    @Override
    public void open() throws IOException {
        for (SealedSection section : SealedSection.values()) {
            MemorySegment bytes = map(options.file(name(section)));
            if (bytes.byteSize() > 0) {
                sections.put(section, bytes);
            }
        }
        SegmentMemory.ADVISED.fill(sections);
        newToOld = map(options.file(ROWS_FILE)).toArray(ValueLayout.JAVA_INT);
        graph = SealedGraph.open(sections);
        graph.verify();
    }

    @Override
    public long bytes() {
        return graph().sizeBytes() + (long) Integer.BYTES * newToOld.length;
    }

    @Override
    public Searcher newSearcher() {
        SealedSearcher searcher = graph().newSearcher();
        NeighborQueue results = new NeighborQueue(options.k());
        return (query, ef, found) -> {
            results.clear(options.k());
            searcher.search(query, SearchLimits.of(ef), OrdinalSet.ALL, results);
            int[] ordinals = results.ordinalsBestFirst();
            for (int i = 0; i < ordinals.length; i++) {
                found[i] = newToOld[ordinals[i]];
            }
        };
    }

    @Override
    public void close() {
        arena.close();
    }

    private SealedGraph graph() {
        return Objects.requireNonNull(graph, "not built");
    }

    private static String name(SealedSection section) {
        return section.name().toLowerCase(Locale.ROOT);
    }

    private static void write(Path path, MemorySegment bytes) throws IOException {
        Files.deleteIfExists(path);
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at = 0; at < bytes.byteSize(); at += WRITE_BYTES) {
                long some = Math.min(WRITE_BYTES, bytes.byteSize() - at);
                ByteBuffer piece = bytes.asSlice(at, some).asByteBuffer();
                while (piece.hasRemaining()) {
                    channel.write(piece);
                }
            }
        }
    }

    private MemorySegment map(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            if (channel.size() == 0) {
                return MemorySegment.NULL;
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }
}
