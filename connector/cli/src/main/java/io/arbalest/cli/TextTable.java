package io.arbalest.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows in aligned columns. Numbers are right-aligned. If the terminal is narrower than the rows,
 * the widest columns give way, down to a readable width, and shortened texts end in an ellipsis.
 *
 * <p>Confined to one thread.
 */
final class TextTable {
    private static final String GAP = "  ";

    /** No column is shortened below this. */
    private static final int LEAST_WIDTH = 12;

    private final List<String> titles;
    private final List<List<String>> rows = new ArrayList<>();
    private final boolean[] numeric;

    TextTable(String... titles) {
        this(List.of(titles));
    }

    TextTable(List<String> titles) {
        this.titles = List.copyOf(titles);
        numeric = new boolean[titles.size()];
        Arrays.fill(numeric, true);
    }

    /** Adds a row; a null is shown as a dash. */
    TextTable row(List<?> cells) {
        if (cells.size() != titles.size()) {
            throw new IllegalArgumentException(
                    cells.size() + " cells for " + titles.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (int column = 0; column < cells.size(); column++) {
            Object cell = cells.get(column);
            String text = cell == null ? "-" : cell.toString().replaceAll("\\s+", " ").strip();
            numeric[column] &=
                    cell == null || cell instanceof Number || text.matches("-?[0-9][0-9.,]*");
            row.add(text);
        }
        rows.add(row);
        return this;
    }

    /** Adds a row. */
    TextTable row(Object... cells) {
        return row(Arrays.asList(cells));
    }

    /**
     * The lines, titles first.
     *
     * @param columns width of the terminal; 0: unlimited
     */
    List<String> render(int columns) {
        int[] widths = widths(columns);
        List<String> lines = new ArrayList<>();
        lines.add(line(titles, widths));
        rows.forEach(row -> lines.add(line(row, widths)));
        return lines;
    }

    private int[] widths(int columns) {
        int[] widths = new int[titles.size()];
        for (int column = 0; column < widths.length; column++) {
            widths[column] = titles.get(column).length();
            for (List<String> row : rows) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        int excess = Arrays.stream(widths).sum() + GAP.length() * (widths.length - 1) - columns;
        while (columns > 0 && excess > 0) {
            int widest = 0;
            for (int column = 1; column < widths.length; column++) {
                if (widths[column] >= widths[widest]) {
                    widest = column;
                }
            }
            if (widths[widest] <= LEAST_WIDTH) {
                break;
            }
            widths[widest]--;
            excess--;
        }
        return widths;
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String text = cells.get(column);
            if (text.length() > widths[column]) {
                text = text.substring(0, widths[column] - 1).stripTrailing() + "\u2026";
            }
            String padding = " ".repeat(widths[column] - text.length());
            line.append(numeric[column] ? padding + text : text + padding).append(GAP);
        }
        return line.toString().stripTrailing();
    }
}
