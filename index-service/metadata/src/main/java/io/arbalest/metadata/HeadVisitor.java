package io.arbalest.metadata;

import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

/** Receives keys and versions of the rows of a segment, in the order of the ordinals. */
@FunctionalInterface
public interface HeadVisitor {
    /** One row. */
    void row(int ordinal, PointKey key, Version version);
}
