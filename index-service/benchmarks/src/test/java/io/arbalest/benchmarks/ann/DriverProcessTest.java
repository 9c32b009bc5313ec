package io.arbalest.benchmarks.ann;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A process that goes wrong becomes a coded error that says which system and why. */
class DriverProcessTest {
    private static final String FOUND = " 0 1 2 3 4 5 6 7 8 9";

    @TempDir Path directory = Path.of("");

    @Test
    void readsWhatTheProcessAnswers() throws IOException {
        String script =
                "echo noise; echo '@ready 5 6 7'; read line;"
                        + " [ \"$line\" = 'search 40 0 1 1' ] && echo '@turn 11 12';"
                        + " echo '@latency 13'; echo '@found"
                        + FOUND
                        + "'; read line; echo '@rss 2048'; read line";
        try (DriverProcess process = start(script)) {
            assertThat(process.ready()).isEqualTo(new DriverProcess.Ready(5, 6, 7));
            DriverProcess.Turn turn = process.search(40, 0, 1, 1);
            assertThat(turn.cpuNanos()).containsExactly(11);
            assertThat(turn.wallNanos()).containsExactly(12);
            assertThat(turn.latencyNanos()).containsExactly(13);
            assertThat(turn.found()[0]).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
            assertThat(process.residentMb()).isEqualTo(2.0);
        }
    }

    @Test
    void saysWhyItFailed() throws IOException {
        try (DriverProcess process = start("echo '@failed out of cheese'")) {
            assertThatThrownBy(process::ready)
                    .isInstanceOf(ArbalestException.class)
                    .hasMessageContaining("ARB-4004 peer: out of cheese");
        }
    }

    @Test
    void saysWhatItLoggedLast() throws IOException {
        try (DriverProcess process = start("echo first >&2; echo 'cannot link' >&2; exit 3")) {
            assertThatThrownBy(process::ready)
                    .isInstanceOf(ArbalestException.class)
                    .hasMessageContaining("peer: its process has ended: cannot link");
        }
    }

    @Test
    void refusesAnAnswerThatIsTooShort() throws IOException {
        String script =
                "echo '@ready 5 6 7'; read line; echo '@turn 11'; echo '@latency 13'; echo '@found"
                        + FOUND
                        + "'; read line";
        try (DriverProcess process = start(script)) {
            process.ready();
            assertThatThrownBy(() -> process.search(40, 0, 1, 1))
                    .isInstanceOf(ArbalestException.class)
                    .hasMessageContaining("its answer is not a turn of 1 queries");
        }
    }

    private DriverProcess start(String script) throws IOException {
        return DriverProcess.start(
                "peer", List.of("bash", "-c", script), directory.resolve("peer.log"));
    }
}
