package io.arbalest.cli;

import java.util.Locale;

/** How a command prints its answer. */
enum OutputFormat {
    /** Aligned columns for people. */
    TABLE,
    /** One JSON document with stable names. */
    JSON;

    /** The word on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
