package io.arbalest.benchmarks.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.arbalest.benchmarks.data.ClusteredVectors.Shape;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

class ClusteredVectorsTest {
    private static float[] row(Shape shape, long number) {
        float[] row = new float[shape.dimension()];
        new ClusteredVectors(shape).row(number, row);
        return row;
    }

    /** The bytes of a set are part of what a published figure means: they must never change. */
    @Test
    void theBytesOfASetAreFixed() {
        Shape shape = new Shape(24, 15, 16, false, 42);
        ClusteredVectors vectors = new ClusteredVectors(shape);
        CRC32C crc = new CRC32C();
        float[] row = new float[24];
        ByteBuffer bytes = ByteBuffer.allocate(4 * 24);
        for (int i = -20; i < 200; i++) {
            vectors.row(i, row);
            bytes.clear().asFloatBuffer().put(row);
            crc.update(bytes.array());
        }
        assertThat(crc.getValue()).isEqualTo(CRC_OF_220_ROWS);
    }

    private static final long CRC_OF_220_ROWS = 0xfacb79afL;

    @Test
    void aRowDependsOnItsNumberAndSeedOnly() {
        Shape shape = new Shape(16, 10, 8, false, 7);
        ClusteredVectors vectors = new ClusteredVectors(shape);
        float[] again = new float[16];
        vectors.row(3, new float[16]);
        vectors.row(5, again);
        assertThat(row(shape, 5)).isEqualTo(again);
        assertThat(row(shape, 6)).isNotEqualTo(again);
        assertThat(row(shape, -5)).isNotEqualTo(again);
        assertThat(row(new Shape(16, 10, 8, false, 8), 5)).isNotEqualTo(again);
    }

    @Test
    void unitVectorsHaveLengthOne() {
        double square = 0;
        for (float element : row(new Shape(100, 62, 8, true, 7), 5)) {
            square += (double) element * element;
        }
        assertThat(square).isEqualTo(1, within(1e-6));
    }

    @Test
    void normalDeviatesAreNormal() {
        SplitMix random = new SplitMix(1, 1);
        double sum = 0;
        double squares = 0;
        double fourths = 0;
        int count = 200_000;
        for (int i = 0; i < count; i++) {
            double x = random.nextGaussian();
            sum += x;
            squares += x * x;
            fourths += x * x * x * x;
        }
        assertThat(sum / count).isEqualTo(0, within(0.01));
        assertThat(squares / count).isEqualTo(1, within(0.015));
        assertThat(fourths / count).isEqualTo(3, within(0.1));
    }

    @Test
    void theInnerSpaceIsThatOfTheSetsItStandsFor() {
        assertThat(Shape.latentOf(128)).isEqualTo(80);
        assertThat(Shape.latentOf(768)).isEqualTo(128);
        assertThat(Shape.latentOf(1)).isEqualTo(1);
    }
}
