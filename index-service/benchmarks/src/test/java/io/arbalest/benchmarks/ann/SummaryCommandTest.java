package io.arbalest.benchmarks.ann;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.BenchCommand;
import io.arbalest.benchmarks.report.BenchConsole;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

class SummaryCommandTest {
    private static final String HEADER =
            "system,dataset,n,dim,params,threads,ef,build_s,recall10,qps,p50_us,p99_us,"
                    + "bytes_per_vector\n";

    @TempDir Path directory = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @Test
    void printsRatiosToHnswlib() throws IOException {
        assertThat(
                        summary(
                                "progress that is not a header\n"
                                        + HEADER
                                        + row("arbalest", "0.90", "3000")
                                        + row("hnswlib", "0.90", "2000")
                                        + row("arbalest", "0.99", "1500")
                                        + row("hnswlib", "0.98", "800")))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .contains(
                        "dataset,system,recall10,qps,times_hnswlib,build_s,bytes_per_vector",
                        "d,arbalest,0.90,3000.0,1.500,12.50,300.0",
                        "d,arbalest,0.99,1500.0,,12.50,300.0", // hnswlib was not measured there
                        "d,hnswlib,0.99,,,12.50,300.0")
                .hasSize(7);
    }

    @Test
    void refusesAFileOfAnotherKind() throws IOException {
        assertThat(summary("hello\n")).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .contains("got no header, expected a line that starts with system,");
        progress.reset();
        assertThat(summary(HEADER + "arbalest,d,5\n")).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("got 3 cells");
        progress.reset();
        assertThat(summary(HEADER + row("arbalest", "high", "5"))).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("recall10 'high'");
    }

    private static String row(String system, String recall, String qps) {
        return system + ",d,5,4,m=16,1,40,12.5," + recall + "," + qps + ",1,2,300\n";
    }

    private int summary(String content) throws IOException {
        Path file = Files.writeString(directory.resolve("ann.csv"), content);
        return BenchCommand.run(
                new BenchConsole(stream(out), stream(progress)), "summary", file.toString());
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
