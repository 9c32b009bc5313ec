package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WidthProbeTest {
    @ParameterizedTest
    @CsvSource({
        "512, 40,  50,  90, 400, 512", // as it should be
        "512, 40,  36,  90, 400, 512", // a little faster is noise
        "512, 80,  50,  90, 400, 256", // 512 bits are two halves and cost a clock of their own
        "512, 80,  50,  30, 400, 128",
        "512, 900, 50,  90, 400, 512", // 512 was not compiled in time: nothing is known
        "512, 80,  500, 90, 400, 512",
        "256, NaN, 50,  90, 400, 256",
        "256, NaN, 90,  50, 400, 128",
        "128, NaN, NaN, 90, 400, 128",
    })
    void theWidestUnlessANarrowerOneIsClearlyFaster(
            int machine, double wide, double half, double quarter, double scalar, int expected) {
        WidthProbe.Choice choice =
                WidthProbe.choose(machine, new double[] {wide, half, quarter}, scalar);
        assertThat(choice.bits()).isEqualTo(expected);
        assertThat(choice.text()).contains("without vectors");
    }

    @Test
    void measuresWhatTheMachineHas() {
        WidthProbe.Choice choice = WidthProbe.choose(VectorWidth.bits(), Clock.SYSTEM);
        assertThat(choice.bits()).isBetween(128, VectorWidth.bits());
        assertThat(choice.text()).contains(VectorWidth.bits() + " bits").doesNotContain("NaN");
    }
}
