package io.arbalest.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

class ResultWriterTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private ResultWriter writer(ResultFormat format) {
        return new ResultWriter(out, format, List.of("system", "n", "qps"));
    }

    private String written() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void csvHasOneHeaderAndQuotesWhereItMust() {
        ResultWriter writer = writer(ResultFormat.CSV);
        writer.row("a", 10, ResultWriter.rounded(1234.567, 1));
        writer.row("b,\"c\"", 20L, ResultWriter.rounded(Double.NaN, 1));
        assertThat(written()).isEqualTo("system,n,qps\na,10,1234.6\n\"b,\"\"c\"\"\",20,\n");
    }

    @Test
    void jsonIsOneObjectALine() {
        ResultWriter writer = writer(ResultFormat.JSON);
        writer.row("a", 10, ResultWriter.rounded(1234.567, 1));
        writer.row("b\"c", 20, ResultWriter.rounded(Double.POSITIVE_INFINITY, 1));
        assertThat(written())
                .isEqualTo(
                        """
                        {"system":"a","n":10,"qps":1234.6}
                        {"system":"b\\"c","n":20,"qps":null}
                        """);
    }

    @Test
    void largeFiguresHaveNoExponent() {
        writer(ResultFormat.CSV).row("a", 1, ResultWriter.rounded(1.25e9, 0));
        assertThat(written()).endsWith("a,1,1250000000\n");
    }

    @Test
    void aRowHasAsManyCellsAsThereAreColumns() {
        assertThatThrownBy(() -> writer(ResultFormat.CSV).row("a", 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
