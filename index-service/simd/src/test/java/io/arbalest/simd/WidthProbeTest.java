package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;

class WidthProbeTest {
    @ParameterizedTest
    @CsvSource({
        "512, 40,   50,   90,  512", // as it should be
        "512, 40,   36,   20,  512", // a little faster is noise
        "512, 80,   50,   90,  256", // 512 bits are two halves and cost a clock of their own
        "512, 80,   50,   30,  128",
        "512, 9000, 50,   90,  512", // 512 was not compiled in time: nothing is known
        "512, 80,   9000, 30,  512",
        "512, 80,   50,   900, 256",
        "256, 0,    50,   90,  256",
        "256, 0,    90,   50,  128",
        "128, 0,    0,    90,  128",
    })
    void theWidestUnlessANarrowerOneIsClearlyFaster(
            int machine, double wide, double half, double quarter, int expected) {
        Map<Integer, Double> nanos = Map.of(512, wide, 256, half, 128, quarter);
        assertThat(WidthProbe.choose(machine, nanos::get).bits()).isEqualTo(expected);
    }

    @Test
    void saysWhatWasMeasuredAndWhatWasNot() {
        Map<Integer, Double> nanos = Map.of(512, 40.4, 256, 14_000.0);
        assertThat(WidthProbe.choose(512, nanos::get).text())
                .isEqualTo("ns a row of 768: 40 with 512 bits, not compiled in time with 256 bits");
    }

    /** Where the compiler is busy with other things it may take a few attempts. */
    @Test
    void measuresWhatTheMachineHas() {
        String text = "not compiled";
        for (int attempt = 0; attempt < 20 && text.contains("not compiled"); attempt++) {
            text = WidthProbe.choose(VectorWidth.bits(), Clock.SYSTEM).text();
        }
        assertThat(text).startsWith("ns a row of 768: ").doesNotContain("not compiled");
    }
}
