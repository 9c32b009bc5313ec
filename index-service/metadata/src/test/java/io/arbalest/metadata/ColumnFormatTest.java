package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.simd.BitWords;
import io.arbalest.testkit.RandomCases;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

class ColumnFormatTest {
    private static Map<String, byte[]> samples() {
        Map<String, byte[]> samples = new LinkedHashMap<>();
        samples.put("key of a run", ColumnFormat.runKey(258, 3, 65_537));
        samples.put("key of a changed row", ColumnFormat.changedKey(258, 3, 65_537));
        long[] numbers = {-2, 300, 0, 65_000};
        samples.put("run", ColumnFormat.run(numbers, new boolean[4], 4));
        boolean[] isNull = {false, false, true, false};
        samples.put("run with a null", ColumnFormat.run(numbers, isNull, 4));
        samples.put(
                "run of all numbers there are",
                ColumnFormat.run(new long[] {Long.MAX_VALUE, Long.MIN_VALUE}, new boolean[2], 2));
        samples.put("run of equal numbers", ColumnFormat.constant(7, 65_536));
        samples.put("null", ColumnFormat.run(new long[1], new boolean[] {true}, 1));
        return samples;
    }

    @Test
    void writesTheGoldenBytesAndReadsThem() {
        Map<String, byte[]> golden = Golden.all("columns-v1.txt");
        assertThat(print(samples())).isEqualTo(print(golden));
        assertThat(ColumnFormat.ordinalOf(Golden.bytes("columns-v1.txt", "key of a run")))
                .isEqualTo(65_537);
        long[] numbers = new long[100];
        long[] nulls = {-1, -1};
        ColumnFormat.read(
                Golden.bytes("columns-v1.txt", "run with a null"), 62, 100, numbers, nulls);
        assertThat(Arrays.copyOfRange(numbers, 62, 66)).containsExactly(-2, 300, 0, 65_000);
        assertThat(nulls).containsExactly(-1L >>> 2, ~2L);
    }

    private static String print(Map<String, byte[]> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEach((name, bytes) ->
                text.append(name + " = " + HexFormat.of().formatHex(bytes) + "\n"));
        return text.toString();
    }

    @Test
    void readsWhatItWrote() {
        RandomCases.run(
                300,
                (random, seed) -> {
                    int rows = random.nextInt(1, ColumnFormat.MAX_RUN_ROWS + 1);
                    int shift = random.nextInt(64);
                    int nullsOf = random.nextInt(3) == 0 ? 2 : 1_000_000;
                    long[] numbers = new long[rows];
                    boolean[] isNull = new boolean[rows];
                    for (int row = 0; row < rows; row++) {
                        numbers[row] = random.nextLong() >> shift;
                        isNull[row] = random.nextInt(nullsOf) == 0;
                    }
                    int first = random.nextInt(200);
                    int end = random.nextInt(first, first + rows + 10);
                    int capacity = first + rows + 10;
                    long[] read = new long[capacity];
                    long[] nulls = new long[BitWords.wordsFor(capacity)];
                    Arrays.fill(nulls, -1L);
                    byte[] run = ColumnFormat.run(numbers, isNull, rows);
                    ColumnFormat.read(run, first, end, read, nulls);
                    for (int ordinal = 0; ordinal < capacity; ordinal++) {
                        boolean there =
                                ordinal >= first
                                        && ordinal < Math.min(end, first + rows)
                                        && !isNull[ordinal - first];
                        assertThat((nulls[ordinal >>> 6] >>> (ordinal & 63) & 1) == 0)
                                .as("seed %d: row %d", seed, ordinal)
                                .isEqualTo(there);
                        assertThat(read[ordinal])
                                .as("seed %d: row %d", seed, ordinal)
                                .isEqualTo(there ? numbers[ordinal - first] : 0);
                    }
                });
    }

    @Test
    void refusesDamagedAndNewerValues() {
        byte[] run = ColumnFormat.run(new long[] {1, 2, 3}, new boolean[3], 3);
        for (int length = 0; length < run.length; length++) {
            assertRefused(ErrorCode.STORE_FAILED, Arrays.copyOf(run, length));
        }
        byte[] wide = run.clone();
        wide[2] = 9;
        assertRefused(ErrorCode.STORE_FAILED, wide);
        byte[] newer = run.clone();
        newer[0] = 2;
        assertRefused(ErrorCode.UNSUPPORTED_FORMAT_VERSION, newer);
    }

    private static void assertRefused(ErrorCode code, byte[] value) {
        assertThatThrownBy(() -> ColumnFormat.read(value, 0, 3, new long[3], new long[1]))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
