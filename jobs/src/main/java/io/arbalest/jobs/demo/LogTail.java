package io.arbalest.jobs.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The end of a log file.
 *
 * <p>Thread-safe: no state.
 */
final class LogTail {
    private static final int LINES = 8;

    private LogTail() {}

    /** The last lines, joined to one. */
    static String of(Path log) {
        try {
            List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
            return String.join(
                    " | ", lines.subList(Math.max(0, lines.size() - LINES), lines.size()));
        } catch (IOException | UncheckedIOException e) {
            return "(no log)";
        }
    }
}
