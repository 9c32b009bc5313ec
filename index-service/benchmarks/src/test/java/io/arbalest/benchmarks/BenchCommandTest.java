package io.arbalest.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

class BenchCommandTest {
    @TempDir Path directory = Path.of("");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    private int run(String... arguments) {
        return BenchCommand.run(new BenchConsole(stream(out), stream(progress)), arguments);
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private int generate(Path target, String... more) {
        String[] arguments = {
            "generate", "--n", "400", "--dim", "16", "--queries", "7", "--out", target.toString()
        };
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return run(all);
    }

    @Test
    void generatesASetWithItsTruth() throws IOException {
        assertThat(generate(directory.resolve("a"), "--truth", "5")).isEqualTo(0);
        Path set = directory.resolve("a");
        float[][] base = VectorFile.floats(set.resolve("base.fvecs"), 1000);
        assertThat(base).hasDimensions(400, 16);
        assertThat(VectorFile.floats(set.resolve("query.fvecs"), 1000)).hasDimensions(7, 16);
        assertThat(VectorFile.ints(set.resolve("truth.ivecs"), 1000)).hasDimensions(7, 5);
        assertThat(Files.readString(set.resolve("metric"))).isEqualTo("l2\n");
        assertThat(out.size()).as("results").isZero();
    }

    @Test
    void theSameOptionsGiveTheSameBytes() throws IOException {
        generate(directory.resolve("a"), "--seed", "3", "--metric", "ip");
        generate(directory.resolve("b"), "--seed", "3", "--metric", "ip");
        generate(directory.resolve("c"), "--seed", "4", "--metric", "ip");
        for (String name : new String[] {"base.fvecs", "query.fvecs", "truth.ivecs"}) {
            assertThat(directory.resolve("b").resolve(name))
                    .hasSameBinaryContentAs(directory.resolve("a").resolve(name));
        }
        assertThat(
                        Files.mismatch(
                                directory.resolve("a/base.fvecs"),
                                directory.resolve("c/base.fvecs")))
                .isNotEqualTo(-1);
    }

    @Test
    void anOptionOutOfItsRangeIsACodedLine() {
        assertThat(generate(directory, "--latent", "17")).isEqualTo(1);
        assertThat(progress.toString(StandardCharsets.UTF_8))
                .startsWith("ARB-1001 --latent is 17, expected 1 to 16. Fix: ")
                .hasLineCount(1);
    }

    @Test
    void anUnknownBenchmarkIsAUsageError() {
        assertThat(run("nothing")).isEqualTo(2);
        assertThat(progress.toString(StandardCharsets.UTF_8)).startsWith("ARB-1001 ");
        assertThat(run()).isEqualTo(2);
    }

    @Test
    void helpGoesToStandardOutput() {
        assertThat(run("--help")).isEqualTo(0);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("generate", "jmh");
    }
}
