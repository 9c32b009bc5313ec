package io.arbalest.engine;

import io.arbalest.common.CrashPoints;
import io.arbalest.hnsw.sealed.PackedGraph;
import io.arbalest.hnsw.sealed.SealedSection;
import io.arbalest.io.Disk;
import io.arbalest.io.FileDamagedException;
import io.arbalest.io.SectionFile;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.KeyType;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The file sets of a shard's sealed segments.
 *
 * <pre>
 * segments/NUMBER/sections   a {@link SectionFile}; sections, by number:
 *   0 .. 99   the graph, as {@link SealedSection} numbers them
 *   100       names:  {u32 origin, u32 ordinal}[points], little-endian: to which of the segments that the commit
 *             point lists for this file set the row was appended, and its ordinal there
 *   101       visibleFrom: i64[points]
 *   102, 103  keys and versions of the rows: {@link RowHeads}
 * segments/NUMBER.tmp        was not finished
 * </pre>
 *
 * <p>A file set is written under its unfinished name, synced, renamed, and its parent synced. It
 * counts once a commit point names it; those that none names are removed when the shard opens.
 *
 * <p>Crash points: {@code segment.written}, {@code segment.renamed}, {@code segment.published}.
 *
 * <p>Confined to one thread at a time.
 */
final class SegmentFiles {
    static final int NAMES = 100;
    static final int NAME_BYTES = 8;
    static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int FROM = 101;
    private static final String SECTIONS = "sections";
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Disk disk;
    private final Path directory;
    private final SegmentMemory memory;
    private final KeyType keyType;
    private final CrashPoints crashPoints;

    SegmentFiles(
            Env env, Path shardDirectory, EngineOptions options, CollectionDefinition definition) {
        this.keyType = definition.keyType();
        this.memory = options.segmentMemory();
        this.disk = env.disk();
        this.directory = shardDirectory.resolve("segments");
        this.crashPoints = env.crashPoints();
    }

    /**
     * Writes and publishes a file set; when this returns, a restart finds it.
     *
     * @param names of the points, by the ordinals of the packed graph
     * @param heads of the points, in the same order
     * @param origins of the points
     */
    CommitPoint.SealedFiles write(
            int fileSet, PackedGraph graph, long[] names, RowHeads heads, List<RowStamps> origins)
            throws IOException {
        Path unfinished = directory.resolve(fileSet + ".tmp");
        disk.deleteTree(unfinished);
        disk.createDirectories(unfinished);
        Map<Integer, Integer> places = new HashMap<>();
        for (RowStamps origin : origins) {
            places.put(origin.segment(), places.size());
        }
        long last = 0;
        long[] from = new long[names.length];
        for (int i = 0; i < names.length; i++) {
            from[i] = stampsOf(origins, places, names[i]).from(RowName.ordinal(names[i]));
            last = Math.max(last, from[i]);
        }
        List<SectionFile.Section> sections = sections(graph, names, from, places);
        sections.addAll(heads.sections());
        SectionFile.write(disk, unfinished.resolve(SECTIONS), sections);
        crashPoints.hit("segment.written");
        disk.syncDirectory(unfinished);
        disk.rename(unfinished, directory.resolve(Integer.toString(fileSet)));
        crashPoints.hit("segment.renamed");
        disk.syncDirectory(directory);
        crashPoints.hit("segment.published");
        List<CommitPoint.Origin> listed = new ArrayList<>();
        origins.forEach(o -> listed.add(new CommitPoint.Origin(o.segment(), o.capacity())));
        return new CommitPoint.SealedFiles(fileSet, names.length, last, List.copyOf(listed));
    }

    private static RowStamps stampsOf(
            List<RowStamps> origins, Map<Integer, Integer> places, long name) {
        Integer place = places.get(RowName.segment(name));
        if (place == null) {
            throw new IllegalArgumentException("a row of segment " + RowName.segment(name));
        }
        return origins.get(place);
    }

    private static List<SectionFile.Section> sections(
            PackedGraph graph, long[] names, long[] from, Map<Integer, Integer> places) {
        List<SectionFile.Section> sections = new ArrayList<>();
        for (SealedSection section : SealedSection.values()) {
            if (section != SealedSection.HEAD && graph.sizeBytes(section) > 0) {
                sections.add(section(graph, section));
            }
        }
        sections.add(section(graph, SealedSection.HEAD)); // last: it sums up the others
        sections.add(
                new SectionFile.Section(
                        NAMES,
                        (long) NAME_BYTES * names.length,
                        target -> {
                            for (int i = 0; i < names.length; i++) {
                                int origin = places.getOrDefault(RowName.segment(names[i]), 0);
                                target.set(INT, (long) NAME_BYTES * i, origin);
                                target.set(
                                        INT, (long) NAME_BYTES * i + 4, RowName.ordinal(names[i]));
                            }
                        }));
        sections.add(
                new SectionFile.Section(
                        FROM,
                        (long) Long.BYTES * from.length,
                        target ->
                                MemorySegment.copy(
                                        MemorySegment.ofArray(from),
                                        ValueLayout.JAVA_LONG,
                                        0,
                                        target,
                                        LONG,
                                        0,
                                        from.length)));
        return sections;
    }

    private static SectionFile.Section section(PackedGraph graph, SealedSection section) {
        return new SectionFile.Section(
                section.number(),
                graph.sizeBytes(section),
                graph.unitBytes(section),
                (offset, piece) -> graph.write(section, offset, piece));
    }

    /** Opens a file set that was just written; its rows keep the stamps that they have. */
    SealedSegment open(CommitPoint.SealedFiles files, List<RowStamps> stamps) throws IOException {
        SectionFile sections = sections(files);
        try {
            memory.fill(graphOf(sections));
            sections.verify();
            return new SealedSegment(files, sections, keyType, memory, stamps);
        } catch (IOException | RuntimeException e) {
            sections.close();
            throw e;
        }
    }

    /** Opens a file set after a restart; which rows have ended, the metadata knows. */
    SealedSegment open(CommitPoint.SealedFiles files, ShardMetadata metadata) throws IOException {
        SectionFile sections = sections(files);
        try {
            memory.fill(graphOf(sections));
            sections.verify();
            return new SealedSegment(
                    files, sections, keyType, memory, stamps(files, sections, metadata));
        } catch (IOException | RuntimeException e) {
            sections.close();
            throw e;
        }
    }

    /** The sections of the packed graph. */
    static Map<SealedSection, MemorySegment> graphOf(SectionFile sections) {
        Map<SealedSection, MemorySegment> parts = new EnumMap<>(SealedSection.class);
        for (SealedSection section : SealedSection.values()) {
            MemorySegment bytes = sections.section(section.number());
            if (bytes.byteSize() > 0) {
                parts.put(section, bytes);
            }
        }
        return parts;
    }

    private SectionFile sections(CommitPoint.SealedFiles files) throws IOException {
        Path file = file(files);
        try {
            return SectionFile.open(disk, file);
        } catch (NoSuchFileException e) {
            FileDamagedException damage =
                    new FileDamagedException(
                            file + " is missing, expected " + files.rows() + " rows in it");
            damage.initCause(e);
            throw damage;
        }
    }

    private Path file(CommitPoint.SealedFiles files) {
        return directory.resolve(Integer.toString(files.fileSet())).resolve(SECTIONS);
    }

    private static List<RowStamps> stamps(
            CommitPoint.SealedFiles files, SectionFile sections, ShardMetadata metadata) {
        List<RowStamps> stamps = new ArrayList<>();
        for (CommitPoint.Origin origin : files.origins()) {
            stamps.add(new RowStamps(origin.segment(), origin.rows()));
        }
        int[] live = new int[stamps.size()];
        MemorySegment names = sections.section(NAMES);
        MemorySegment from = sections.section(FROM);
        for (int i = 0; i < files.rows(); i++) {
            int origin = names.get(INT, (long) NAME_BYTES * i);
            stamps.get(origin)
                    .begin(
                            names.get(INT, (long) NAME_BYTES * i + 4),
                            from.get(LONG, (long) Long.BYTES * i));
            live[origin]++;
        }
        for (int i = 0; i < live.length; i++) {
            RowStamps rows = stamps.get(i);
            int[] dead = {0};
            metadata.scanEnded(
                    rows.segment(),
                    (row, at) -> {
                        rows.end(row, at);
                        dead[0] += rows.from(row) == RowStamps.NEVER ? 0 : 1;
                    });
            rows.publish(rows.capacity(), live[i] - dead[0]);
        }
        return stamps;
    }

    /** Removes the files of segments that are no longer searched; open ones stay readable. */
    void remove(List<CommitPoint.SealedFiles> unused) throws IOException {
        for (CommitPoint.SealedFiles files : unused) {
            disk.deleteTree(directory.resolve(Integer.toString(files.fileSet())));
        }
    }

    /** Removes what no commit point names. */
    void removeOthers(List<CommitPoint.SealedFiles> used) throws IOException {
        Set<String> names = new HashSet<>();
        used.forEach(files -> names.add(Integer.toString(files.fileSet())));
        for (String name : disk.list(directory)) {
            if (!names.contains(name)) {
                disk.deleteTree(directory.resolve(name));
            }
        }
    }
}
