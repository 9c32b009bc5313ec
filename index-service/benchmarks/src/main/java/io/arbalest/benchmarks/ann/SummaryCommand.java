package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.RecallCurve;
import io.arbalest.benchmarks.report.ResultWriter;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench summary}: what files of {@code bench ann} say at recall .90, .95 and .99. */
@Command(
        name = "summary",
        description =
                "Throughput at recall .90, .95 and .99, and its ratio to hnswlib's, from the CSV of"
                        + " bench ann.",
        footerHeading = "%nExamples:%n",
        footer = "  arbalest bench summary sift100k.csv hog768.csv")
public final class SummaryCommand implements Callable<Integer> {
    private static final int MOST_ROWS = 100_000;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "what bench ann printed, as CSV")
    List<Path> files = List.of();

    /** Writes to the console. */
    public SummaryCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        AnnSummary summary = new AnnSummary();
        for (Path file : files) {
            read(file, summary);
        }
        ResultWriter rows =
                format.writer(
                        console,
                        "dataset",
                        "system",
                        "recall10",
                        "qps",
                        "times_hnswlib",
                        "build_s",
                        "bytes_per_vector");
        for (String dataset : summary.datasets()) {
            summary.systems(dataset)
                    .forEach((system, totals) -> {
                        for (double recall : AnnSummary.RECALLS) {
                            rows.row(
                                    dataset,
                                    system,
                                    ResultWriter.rounded(recall, 2),
                                    ResultWriter.rounded(totals.curve().qpsAt(recall), 1),
                                    ResultWriter.rounded(summary.ratio(dataset, system, recall), 3),
                                    ResultWriter.rounded(totals.buildSeconds(), 2),
                                    ResultWriter.rounded(totals.bytes(), 1));
                        }
                    });
        }
        summary.lines().forEach(line -> console.say("%s", line));
        return 0;
    }

    private static void read(Path file, AnnSummary summary) throws IOException {
        try (BufferedReader in = Files.newBufferedReader(file)) {
            String line = in.readLine();
            while (line != null && !line.startsWith("system,")) {
                line = in.readLine();
            }
            if (line == null) {
                throw BenchErrors.badFile(
                        file.toString(), "no header", "a line that starts with system,");
            }
            List<String> header = Arrays.asList(line.split(",", -1));
            int count = 0;
            for (line = in.readLine(); line != null && !line.isBlank(); line = in.readLine()) {
                if (++count > MOST_ROWS) {
                    throw BenchErrors.badFile(file.toString(), "more rows", "at most " + MOST_ROWS);
                }
                add(file + " row " + count, header, line.split(",", -1), summary);
            }
        }
    }

    private static void add(String where, List<String> header, String[] cells, AnnSummary summary) {
        if (cells.length != header.size()) {
            throw BenchErrors.badFile(where, cells.length + " cells", header.size() + " cells");
        }
        summary.add(
                text(where, header, cells, "dataset"),
                text(where, header, cells, "system"),
                new AnnSummary.Totals(
                        new RecallCurve(),
                        number(where, header, cells, "build_s"),
                        number(where, header, cells, "bytes_per_vector")),
                number(where, header, cells, "recall10"),
                number(where, header, cells, "qps"));
    }

    private static String text(String where, List<String> header, String[] cells, String name) {
        int column = header.indexOf(name);
        if (column < 0) {
            throw BenchErrors.badFile(where, "no column " + name, "the columns of bench ann");
        }
        return cells[column];
    }

    private static double number(String where, List<String> header, String[] cells, String name) {
        String text = text(where, header, cells, name);
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw BenchErrors.badFile(where, name + " '" + text + "'", "a number");
        }
    }
}
