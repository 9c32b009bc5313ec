package io.arbalest.engine;

import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.Comparator;

/**
 * A row returned by a search or a get.
 *
 * @param score larger is closer; NaN for a get
 * @param vector binary16 as written, if asked for
 * @param metadata values in the order of the fields asked for
 */
public record FoundRow(
        PointKey key,
        double score,
        Version version,
        short @Nullable [] vector,
        @Nullable Object[] metadata) {
    /** Best score first, ties by key bytes. */
    public static final Comparator<FoundRow> BEST_FIRST =
            Comparator.comparingDouble(FoundRow::score).reversed().thenComparing(FoundRow::key);
}
