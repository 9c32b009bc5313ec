package io.arbalest.client;

import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * A point that was found.
 *
 * @param score larger is closer; NaN for a get
 * @param vector binary16 as written, if asked for
 * @param metadata by field name, in the collection's order; nulls are left out
 */
public record Hit(
        PointKey key,
        double score,
        Version version,
        short @Nullable [] vector,
        Map<String, Object> metadata) {}
