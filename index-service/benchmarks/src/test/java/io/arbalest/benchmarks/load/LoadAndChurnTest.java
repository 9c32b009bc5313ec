package io.arbalest.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.BenchCommand;
import io.arbalest.benchmarks.report.BenchConsole;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The measurements of a shard over time, on a set that is far too small to mean anything. */
class LoadAndChurnTest {
    @TempDir Path directory = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @BeforeEach
    void generate() {
        String target = directory.toString();
        assertThat(run("generate", "--n", "600", "--dim", "16", "--queries", "20", "--out", target))
                .isEqualTo(0);
    }

    private int run(String... arguments) {
        return BenchCommand.run(
                new BenchConsole(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(progress, true, StandardCharsets.UTF_8)),
                arguments);
    }

    private int measure(String what, String... more) {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                what,
                                "--base",
                                directory.resolve("base.fvecs").toString(),
                                "--query",
                                directory.resolve("query.fvecs").toString(),
                                "--metric",
                                "l2"));
        all.addAll(Arrays.asList(more));
        return run(all.toArray(String[]::new));
    }

    /** Rows by their first cell, each by the names of the columns. */
    private Map<String, Map<String, String>> rows(String keyColumn) {
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        String[] names = lines.getFirst().split(",", -1);
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 0; i < names.length; i++) {
                row.put(names[i], cells[i]);
            }
            rows.put(row.getOrDefault(keyColumn, ""), row);
        }
        return rows;
    }

    private static double number(Map<String, String> row, String column) {
        return Double.parseDouble(row.getOrDefault(column, ""));
    }

    @Test
    void loadHasARowForEachKindOfLoad() {
        assertThat(measure("load", "--rounds", "2", "--seconds", "1", "--segment-rows", "80"))
                .as(progress.toString(StandardCharsets.UTF_8))
                .isEqualTo(0);
        Map<String, Map<String, String>> rows = rows("load");
        assertThat(rows.keySet()).containsExactly("search", "write", "both", "held", "merge");
        assertThat(rows.get("write")).containsEntry("rows", "150").containsEntry("queries", "0");
        assertThat(rows.get("both")).containsEntry("rows", "150");
        for (String load : List.of("search", "both", "held")) {
            Map<String, String> row = Objects.requireNonNull(rows.get(load));
            assertThat(number(row, "recall10")).isGreaterThan(0.9);
            assertThat(number(row, "p99_us")).isPositive();
        }
    }

    @Test
    void churnComparesBothGraphsAtEachEf() {
        assertThat(measure("churn", "--merges", "6", "--ef", "10,40"))
                .as(progress.toString(StandardCharsets.UTF_8))
                .isEqualTo(0);
        Map<String, Map<String, String>> rows = rows("ef");
        assertThat(rows.keySet()).containsExactly("10", "40");
        for (Map<String, String> row : rows.values()) {
            assertThat(number(row, "recall10_fresh")).isBetween(0.8, 1.0);
            assertThat(number(row, "recall10_churned")).isBetween(0.8, 1.0);
        }
    }

    @Test
    void whatCannotBeMeasuredIsRefused() {
        assertThat(measure("load", "--rows", "599")).isEqualTo(1);
        assertThat(measure("churn", "--merges", "1")).isEqualTo(1);
        String file = directory.resolve("sections").toString();
        assertThat(measure("disk", "--file", file, "--passes", "0")).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("ARB-1001 --rows is 599, expected 1 to 592")
                .contains("ARB-1001 --merges is 1, expected 2 to 10000")
                .contains("ARB-1001 passes 0");
    }
}
