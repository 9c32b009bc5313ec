package io.arbalest.benchmarks.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

class VectorFileTest {
    @TempDir Path directory = Path.of("");

    private Path write(String name, int... words) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int word : words) {
            bytes.putInt(word);
        }
        return Files.write(directory.resolve(name), bytes.array());
    }

    private static void assertRefused(ErrorCode code, String part, Path path) {
        assertThatThrownBy(() -> VectorFile.floats(path, 10))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(part)
                .hasMessageContaining(path.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rows.fvecs", "rows.fvecs.gz"})
    void readsWhatWasWritten(String name) throws IOException {
        Path path = directory.resolve(name);
        try (VectorFileWriter writer = new VectorFileWriter(path)) {
            writer.write(new float[] {1.5f, -2});
            writer.write(new float[] {0, 65504});
        }
        assertThat(VectorFile.floats(path, 10))
                .isDeepEqualTo(new float[][] {{1.5f, -2}, {0, 65504}});
        assertThat(VectorFile.floats(path, 1)).isDeepEqualTo(new float[][] {{1.5f, -2}});
    }

    @Test
    void readsInts() throws IOException {
        assertThat(VectorFile.ints(write("t.ivecs", 2, 7, -1, 2, 5, 6), 10))
                .isDeepEqualTo(new int[][] {{7, -1}, {5, 6}});
    }

    @Test
    void aMappedFileReadsTheSameRows() throws IOException {
        Path path = directory.resolve("rows.fvecs");
        try (VectorFileWriter writer = new VectorFileWriter(path)) {
            writer.write(new float[] {1, 2, 3});
            writer.write(new float[] {4, 5, 6});
        }
        try (MappedVectors mapped = MappedVectors.open(path)) {
            float[] row = new float[3];
            mapped.verify();
            mapped.read(1, row);
            assertThat(mapped.rows()).isEqualTo(2);
            assertThat(row).containsExactly(4, 5, 6);
        }
    }

    @Test
    void refusesWhatIsNotOfTheForm() throws IOException {
        assertRefused(ErrorCode.SCHEMA_MISMATCH, "it is empty", write("empty"));
        assertRefused(ErrorCode.SCHEMA_MISMATCH, "has dimension 0", write("zero", 0));
        assertRefused(ErrorCode.SCHEMA_MISMATCH, "has dimension -3", write("negative", -3));
        assertRefused(
                ErrorCode.SCHEMA_MISMATCH,
                "has dimension 1179011410",
                write("riff", 1179011410, 1));
        assertRefused(
                ErrorCode.SCHEMA_MISMATCH, "row 1 has dimension 1", write("mixed", 2, 0, 0, 1, 0));
        assertRefused(
                ErrorCode.SCHEMA_MISMATCH, "it ends within row 1", write("cut", 2, 0, 0, 2, 0));
        Path torn = directory.resolve("torn");
        Files.write(torn, Arrays.copyOf(Files.readAllBytes(write("whole", 1, 0, 1, 0)), 10));
        assertRefused(ErrorCode.SCHEMA_MISMATCH, "it ends within row 1", torn);
        assertRefused(ErrorCode.SCHEMA_MISMATCH, "not a whole gzip file", write("plain.gz", 1, 0));
    }

    @Test
    void aDimensionThatIsTooLargeByAMultipleOfTheRowIsRefused() throws IOException {
        // 4 * (2^30 + 1) overflows to the 4 bytes of a row with one element
        assertRefused(
                ErrorCode.SCHEMA_MISMATCH,
                "row 1 has dimension 1073741825",
                write("overflow", 1, 0, (1 << 30) + 1, 0));
    }

    @Test
    void refusesWhatIsNotFinite() throws IOException {
        assertRefused(
                ErrorCode.VECTOR_NOT_FINITE,
                "row 1 element 0 is NaN",
                write("nan", 1, 0, 1, Float.floatToIntBits(Float.NaN)));
        Path infinite = write("inf", 1, Float.floatToIntBits(Float.POSITIVE_INFINITY));
        try (MappedVectors mapped = MappedVectors.open(infinite)) {
            assertThatThrownBy(mapped::verify).hasMessageContaining("row 0 element 0 is Infinity");
        }
    }

    @Test
    void aMappedFileOfAnotherFormIsRefused() throws IOException {
        Path cut = write("cut", 2, 0, 0, 2, 0);
        assertThatThrownBy(() -> MappedVectors.open(cut)).hasMessageContaining("multiple of 12");
        Path mixed = write("mixed", 1, 0, 3, 0);
        try (MappedVectors mapped = MappedVectors.open(mixed)) {
            assertThatThrownBy(mapped::verify).hasMessageContaining("row 1 has dimension 3");
        }
    }

    @Test
    void aMissingFileIsNamed() {
        Path missing = directory.resolve("missing.fvecs");
        assertThatThrownBy(() -> VectorFile.floats(missing, 10))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("missing.fvecs");
        assertThatThrownBy(() -> MappedVectors.open(missing))
                .isInstanceOf(NoSuchFileException.class);
    }
}
