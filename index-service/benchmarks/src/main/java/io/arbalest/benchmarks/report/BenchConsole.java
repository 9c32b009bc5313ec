package io.arbalest.benchmarks.report;

import com.google.errorprone.annotations.FormatMethod;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Where a benchmark writes.
 *
 * <p>Immutable; the streams are thread-safe.
 *
 * @param out results and nothing else
 * @param progress what is going on, for a person
 */
public record BenchConsole(PrintStream out, PrintStream progress) {
    /** One line of progress; the format is that of {@link String#format}. */
    @FormatMethod
    public void say(String format, Object... arguments) {
        progress.println(String.format(Locale.ROOT, format, arguments));
    }
}
