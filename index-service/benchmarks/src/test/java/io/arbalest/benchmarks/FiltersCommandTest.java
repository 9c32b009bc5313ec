package io.arbalest.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.report.BenchConsole;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

class FiltersCommandTest {
    @TempDir Path directory = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    private int run(String... arguments) {
        return BenchCommand.run(new BenchConsole(stream(out), stream(progress)), arguments);
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private String[] filters(String... more) {
        String[] arguments = {
            "filters",
            "--base",
            directory.resolve("base.fvecs").toString(),
            "--query",
            directory.resolve("query.fvecs").toString(),
            "--metric",
            "l2",
            "--queries",
            "5"
        };
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return all;
    }

    @Test
    void everyPlanAndThePeerFindTheRowsThatMatch() {
        assertThat(
                        run(
                                "generate",
                                "--n",
                                "1200",
                                "--dim",
                                "16",
                                "--queries",
                                "5",
                                "--out",
                                directory.toString()))
                .isEqualTo(0);
        assertThat(
                        run(
                                filters(
                                        "--passes",
                                        "1",
                                        "--segments",
                                        "2",
                                        "--peers",
                                        "lucene",
                                        "--peer-ef",
                                        "50")))
                .as(progress.toString(StandardCharsets.UTF_8))
                .isEqualTo(0);
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(lines.getFirst())
                .startsWith(
                        "selectivity,correlated,plan,recall10,p50_us,p99_us,unfiltered_p99_us,");
        assertThat(lines).hasSize(1 + 2 * 6 * 5);
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",", -1);
            assertThat(Double.parseDouble(cells[3])).as(line).isGreaterThanOrEqualTo(0.9);
            if (cells[2].equals("exact")) {
                assertThat(cells[9]).as(line).isEqualTo("exact+exact");
            }
        }
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("50.0 % correlated  recall", "x lucene at equal recall");
    }

    @Test
    void numbersOutOfRangeAreCodedLines() {
        for (String[] wrong :
                new String[][] {
                    {"--passes", "0"}, {"--segments", "0"}, {"--ef", "0"}, {"--peers", "other"}
                }) {
            progress.reset();
            assertThat(run(filters(wrong))).isEqualTo(1);
            assertThat(progress.toString(StandardCharsets.UTF_8)).startsWith("ARB-1001 ");
        }
    }
}
