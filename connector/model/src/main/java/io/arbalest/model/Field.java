package io.arbalest.model;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * A declared metadata field. Values may be null.
 *
 * @param name a letter, then letters, digits or {@code _}; at most 64 characters; none of the
 *     reserved names
 * @param indexed whether filters may name it; an unindexed field is stored and returned only
 */
public record Field(String name, FieldType type, boolean indexed) {
    /** An indexed field. */
    public Field(String name, FieldType type) {
        this(name, type, true);
    }

    /** Names of columns that the protocol itself uses; so are all that start with {@code _}. */
    public static final Set<String> RESERVED_NAMES = Set.of("id", "vector", "score", "distance");

    private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    public Field {
        if (!NAME.matcher(name).matches() || RESERVED_NAMES.contains(name)) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION,
                    "field name '" + name + "' is not allowed",
                    "start with a letter, use letters, digits and _, and avoid "
                            + String.join(", ", RESERVED_NAMES));
        }
    }
}
