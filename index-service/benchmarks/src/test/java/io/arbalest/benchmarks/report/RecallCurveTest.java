package io.arbalest.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RecallCurveTest {
    private static RecallCurve curve() {
        RecallCurve curve = new RecallCurve();
        curve.add(0.97, 5_000);
        curve.add(0.90, 20_000);
        curve.add(0.94, 10_000);
        return curve;
    }

    @Test
    void aMeasuredPointIsItself() {
        assertThat(curve().qpsAt(0.90)).isEqualTo(20_000);
        assertThat(curve().qpsAt(0.97)).isEqualTo(5_000);
    }

    @Test
    void betweenPointsTheLogarithmIsLinear() {
        assertThat(curve().qpsAt(0.92)).isEqualTo(Math.sqrt(20_000.0 * 10_000), within(1e-6));
        assertThat(curve().qpsAt(0.95)).isEqualTo(10_000 * Math.pow(0.5, 1 / 3.0), within(1e-6));
    }

    @Test
    void nothingIsSaidOutside() {
        assertThat(curve().qpsAt(0.89)).isNaN();
        assertThat(curve().qpsAt(0.98)).isNaN();
        assertThat(new RecallCurve().qpsAt(0.9)).isNaN();
        assertThat(curve().qpsAtLeast(0.89)).isEqualTo(20_000);
        assertThat(curve().qpsAtLeast(0.98)).isEqualTo(0);
    }

    @Test
    void aPointThatAnotherBeatsInBothDoesNotCount() {
        RecallCurve curve = curve();
        curve.add(0.92, 3_000);
        curve.add(0.94, 9_000);
        assertThat(curve.qpsAt(0.92)).isEqualTo(Math.sqrt(20_000.0 * 10_000), within(1e-6));
        assertThat(curve.qpsAt(0.94)).isEqualTo(10_000);
    }

    @Test
    void whatCannotBeIsRefused() {
        assertThatThrownBy(() -> curve().add(1.1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> curve().add(0.9, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> curve().add(Double.NaN, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
