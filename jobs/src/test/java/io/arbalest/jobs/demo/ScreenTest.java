package io.arbalest.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

class ScreenTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void onATerminalTheLiveLineIsDrawnOverAndStaysBelow() {
        Screen screen = new Screen(out, true, 20);
        screen.live("one");
        screen.line("stays");
        screen.live("a line that is far too long for this terminal");
        screen.endLive();
        assertThat(printed())
                .isEqualTo(
                        "\r\u001b[2Kone"
                                + "\r\u001b[2Kstays\none"
                                + "\r\u001b[2Ka line that is far "
                                + "\r\u001b[2K");
    }

    @Test
    void elsewhereTheLiveLineIsAPlainOneNowAndThen() {
        Screen screen = new Screen(out, false, 0);
        screen.live("one");
        screen.live("two, at once");
        screen.line("stays");
        screen.endLive();
        assertThat(printed()).isEqualTo("one\nstays\n");
    }

    @Test
    void afterTheLastWordNothingIsSaid() {
        Screen screen = new Screen(out, true, 80);
        screen.live("working");
        screen.lastWord("Stopping ...");
        screen.line("kafka has ended");
        screen.live("still working");
        assertThat(printed())
                .endsWith("Stopping ...\n")
                .doesNotContain("kafka")
                .doesNotContain("still");
    }
}
