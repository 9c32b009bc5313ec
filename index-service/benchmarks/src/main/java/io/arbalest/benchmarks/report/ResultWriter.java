package io.arbalest.benchmarks.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

import org.jspecify.annotations.Nullable;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the rows of a result as CSV (RFC 4180, with a header) or as one JSON object a line. Each
 * row is flushed, so that a run that is cut short has printed what it measured.
 *
 * <p>Confined to one thread.
 */
public final class ResultWriter {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final PrintStream out;
    private final ResultFormat format;
    private final List<String> columns;
    private boolean started;

    /**
     * @param columns names in their order; the first one is how a reader finds the header
     */
    public ResultWriter(PrintStream out, ResultFormat format, List<String> columns) {
        this.out = out;
        this.format = format;
        this.columns = List.copyOf(columns);
    }

    /**
     * Rounds a figure for a row.
     *
     * @return null, which is an empty cell, if the figure is not finite: it was not measured
     */
    public static @Nullable BigDecimal rounded(double figure, int decimals) {
        return Double.isFinite(figure)
                ? BigDecimal.valueOf(figure).setScale(decimals, RoundingMode.HALF_EVEN)
                : null;
    }

    /**
     * Writes one row.
     *
     * @param cells a string, a whole number, a {@link BigDecimal} (see {@link #rounded}) or null,
     *     as many as there are columns
     */
    public void row(@Nullable Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells, expected " + columns.size() + " for " + columns);
        }
        if (format == ResultFormat.CSV) {
            if (!started) {
                out.println(String.join(",", columns));
            }
            out.println(csv(cells));
        } else {
            out.println(json(cells));
        }
        started = true;
        out.flush();
    }

    private static String csv(@Nullable Object[] cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            line.append(i == 0 ? "" : ",").append(cell(cells[i]));
        }
        return line.toString();
    }

    private static String cell(@Nullable Object value) {
        String text =
                switch (value) {
                    case null -> "";
                    case BigDecimal number -> number.toPlainString();
                    default -> value.toString();
                };
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private String json(@Nullable Object[] cells) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i++) {
            object.put(columns.get(i), cells[i]);
        }
        try {
            return JSON.writeValueAsString(object);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
