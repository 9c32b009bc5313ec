package io.arbalest.engine;

import io.arbalest.metadata.ShardMetadata;
import io.arbalest.model.Filter;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Reads the rows of a search's results: from the segment what it knows of them, else from the
 * metadata.
 *
 * <p>Thread-safe.
 */
final class RowReader {
    private static final @Nullable Object[] NO_VALUES = new @Nullable Object[0];

    private final int dimension;
    private final ShardMetadata metadata;

    /**
     * @param dimension elements of a vector
     */
    RowReader(int dimension, ShardMetadata metadata) {
        this.dimension = dimension;
        this.metadata = metadata;
    }

    /**
     * Rows, best first, ties by key, at most k.
     *
     * @param best in the order of their scores
     * @param fields positions of those that are wanted
     */
    List<FoundRow> rows(Candidate[] best, SearchSpec spec, int[] fields) {
        List<FoundRow> found = new ArrayList<>(best.length);
        List<Candidate> stored = new ArrayList<>(fields.length == 0 ? 0 : best.length);
        for (Candidate candidate : best) {
            RowHead head = fields.length == 0 ? head(candidate) : null;
            if (head == null) {
                stored.add(candidate);
            } else {
                found.add(row(candidate, head.key(), head.version(), spec, NO_VALUES));
            }
        }
        if (!stored.isEmpty()) {
            readStored(stored, spec, fields, found);
        }
        return ordered(found, spec);
    }

    private static List<FoundRow> ordered(List<FoundRow> found, SearchSpec spec) {
        if (!inOrder(found)) {
            found.sort(FoundRow.BEST_FIRST);
        }
        return found.size() <= spec.k()
                ? Collections.unmodifiableList(found)
                : List.copyOf(found.subList(0, spec.k()));
    }

    /** Whether no score equals the one before it, nor exceeds it: nearly always. */
    private static boolean inOrder(List<FoundRow> rows) {
        for (int i = 1; i < rows.size(); i++) {
            if (rows.get(i - 1).score() <= rows.get(i).score()) {
                return false;
            }
        }
        return true;
    }

    /** What the segment knows of a row itself; null: the store has to be asked. */
    private @Nullable RowHead head(Candidate candidate) {
        if (metadata.changedInPlace()) {
            long name = candidate.name();
            if (metadata.changedInPlace(RowName.segment(name), RowName.ordinal(name))) {
                return null;
            }
        }
        return candidate.segment().head(candidate.ordinal());
    }

    private void readStored(
            List<Candidate> stored, SearchSpec spec, int[] fields, List<FoundRow> found) {
        BitSet wanted = wanted(fields);
        Map<Integer, List<Candidate>> byOrigin = new HashMap<>();
        stored.forEach(c ->
                byOrigin.computeIfAbsent(RowName.segment(c.name()), _ -> new ArrayList<>()).add(c));
        byOrigin.forEach((origin, candidates) -> {
            int[] ordinals = candidates.stream().mapToInt(c -> RowName.ordinal(c.name())).toArray();
            List<ShardMetadata.Row> rows = metadata.rows(origin, ordinals, wanted);
            for (int i = 0; i < ordinals.length; i++) {
                found.add(row(candidates.get(i), rows.get(i), spec, fields));
            }
        });
    }

    /**
     * As {@link #rows}, of those rows that pass a filter now: what is tested is what is returned.
     */
    List<FoundRow> matching(Candidate[] best, Filter filter, SearchSpec spec, int[] fields) {
        Predicate<ShardMetadata.Row> test = metadata.test(filter);
        List<FoundRow> found = new ArrayList<>(best.length);
        for (Candidate candidate : best) {
            long name = candidate.name();
            ShardMetadata.Row row = metadata.row(RowName.segment(name), RowName.ordinal(name));
            if (test.test(row)) {
                found.add(row(candidate, row, spec, fields));
            }
        }
        return ordered(found, spec);
    }

    private FoundRow row(
            Candidate candidate, ShardMetadata.Row row, SearchSpec spec, int[] fields) {
        return row(candidate, row.key(), row.version(), spec, project(row.values(), fields));
    }

    private FoundRow row(
            Candidate candidate,
            PointKey key,
            Version version,
            SearchSpec spec,
            @Nullable Object[] values) {
        return new FoundRow(
                key,
                candidate.score(),
                version,
                spec.includeVector() ? vector(candidate.segment(), candidate.ordinal()) : null,
                values);
    }

    /** A row's vector as it was written. */
    short[] vector(Segment segment, int ordinal) {
        short[] vector = new short[dimension];
        segment.read(ordinal, vector);
        return vector;
    }

    static BitSet wanted(int[] fields) {
        BitSet wanted = new BitSet();
        for (int field : fields) {
            wanted.set(field);
        }
        return wanted;
    }

    /** The values of some fields. */
    static @Nullable Object[] project(@Nullable Object[] values, int[] fields) {
        @Nullable Object[] some = new @Nullable Object[fields.length];
        for (int i = 0; i < fields.length; i++) {
            some[i] = values[fields[i]];
        }
        return some;
    }
}
