package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * {@code arbalest put}: writes points from JSON lines; a bad line is reported and the rest is
 * written.
 */
@Command(
        name = "put",
        description =
                "Write points from JSON lines: {\"id\":..,\"vector\":[..] or"
                        + " \"text\":..,\"fields\":{..}}.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest put points.jsonl",
            "  echo '{\"id\":\"my-tool\",\"text\":\"monitor network traffic\","
                    + "\"fields\":{\"section\":\"net\"}}' | arbalest put",
            "Lines that are refused are reported with their number and code; the others are"
                    + " written.",
            "Exit code 1 if any line was refused."
        })
final class PutCommand extends ClusterCommand {
    /**
     * Lines between two waits for acknowledgement; bounds what is remembered for reporting
     * refusals.
     */
    private static final int LINES_PER_FLUSH = 4096;

    /** Refused lines that JSON output lists one by one; the count covers all. */
    private static final int MAX_LISTED = 1000;

    @Mixin CollectionOption collection = new CollectionOption();

    @Mixin TextEmbedding embedding = new TextEmbedding();

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            defaultValue = "-",
            description = "JSON lines; - or nothing: standard input")
    String file = "-";

    private final List<Object> listed = new ArrayList<>();
    private long refused;

    PutCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) throws IOException, InterruptedException {
        var target = collection(client, collection.name).definition();
        PointJson points = new PointJson(target, text -> embedding.embed(text, clusterFile()));
        IdentityHashMap<Point, Long> lineNumbers = new IdentityHashMap<>();
        PointWriter.RejectionHandler rejections =
                (point, error) -> {
                    synchronized (lineNumbers) {
                        refuse(lineNumbers.getOrDefault(point, 0L), error);
                    }
                };
        long lines = 0;
        PointWriter.Statistics statistics;
        try (InputStream in = file.equals("-") ? shell.in() : Files.newInputStream(Path.of(file));
                BufferedReader reader =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
                PointWriter writer =
                        client.openWriter(target.name(), WriterOptions.DEFAULT, rejections)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines++;
                if (!line.isBlank()) {
                    put(writer, points, lineNumbers, line, lines);
                }
                if (lines % LINES_PER_FLUSH == 0) {
                    flush(writer, lineNumbers);
                }
            }
            flush(writer, lineNumbers);
            statistics = writer.statistics();
        }
        report(statistics);
        return refused == 0 ? ExitCode.OK : ExitCode.FAILED;
    }

    private void put(
            PointWriter writer,
            PointJson points,
            IdentityHashMap<Point, Long> lineNumbers,
            String line,
            long number)
            throws InterruptedException {
        Point point;
        try {
            point = points.read(line);
        } catch (ArbalestException e) {
            synchronized (lineNumbers) {
                refuse(number, e);
            }
            return;
        }
        synchronized (lineNumbers) {
            lineNumbers.put(point, number);
        }
        try {
            writer.write(point);
        } catch (ArbalestException e) {
            if (e.code().number() >= 2000) {
                throw e; // the writer has failed, not the row
            }
            synchronized (lineNumbers) {
                refuse(number, e);
            }
        }
    }

    private static void flush(PointWriter writer, IdentityHashMap<Point, Long> lineNumbers)
            throws InterruptedException {
        try {
            writer.flush().get();
        } catch (ExecutionException e) {
            throw ErrorLine.coded(e);
        }
        synchronized (lineNumbers) {
            lineNumbers.clear();
        }
    }

    private void refuse(long line, ArbalestException error) {
        refused++;
        if (output.json()) {
            if (listed.size() < MAX_LISTED) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("line", line);
                entry.putAll(ErrorLine.fields(error));
                listed.add(entry);
            }
        } else {
            shell.err().println("line " + line + ": " + error.getMessage());
        }
    }

    private void report(PointWriter.Statistics statistics) {
        if (output.json()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("applied", statistics.applied());
            document.put("duplicates", statistics.duplicates());
            document.put("stale", statistics.stale());
            document.put("refused", refused);
            document.put("refusedLines", listed);
            printJson(document);
            return;
        }
        StringBuilder line = new StringBuilder("Written: " + statistics.applied());
        if (statistics.duplicates() > 0) {
            line.append(", already there: ").append(statistics.duplicates());
        }
        if (statistics.stale() > 0) {
            line.append(", older than what is there: ").append(statistics.stale());
        }
        if (refused > 0) {
            line.append(", refused: ").append(refused);
        }
        shell.out().println(line);
    }
}
