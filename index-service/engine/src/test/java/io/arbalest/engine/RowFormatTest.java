package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.MetadataCodec;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.testkit.RandomCases;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;

final class RowFormatTest {
    private static final List<Field> FIELDS =
            List.of(
                    new Field("color", FieldType.STRING),
                    new Field("tags", FieldType.STRING_ARRAY, false));

    @Test
    void theGoldenFileIsReadAndWrittenByteForByte() throws IOException {
        byte[] golden;
        try (InputStream in = RowFormatTest.class.getResourceAsStream("/golden/rows-v1.bin")) {
            assertThat(in).isNotNull();
            golden = in.readAllBytes();
        }
        LoggedRows rows = goldenRows();
        assertThat(join(RowFormat.encode(rows, KeyType.STRING, 3))).isEqualTo(golden);
        assertEqual(
                RowFormat.decode(MemorySegment.ofArray(golden), 4, definition(KeyType.STRING, 3)),
                rows,
                3);
    }

    @Test
    void whatIsWrittenIsRead() {
        RandomCases.run(
                100,
                (random, _) -> {
                    KeyType keyType = random.nextBoolean() ? KeyType.STRING : KeyType.INT64;
                    int dimension = 1 + random.nextInt(70);
                    LoggedRows rows = randomRows(random, keyType, dimension);
                    List<MemorySegment> body = RowFormat.encode(rows, keyType, dimension);
                    assertThat(body.getFirst().byteSize() % RowFormat.VECTOR_ALIGNMENT).isZero();
                    LoggedRows read =
                            RowFormat.decode(
                                    MemorySegment.ofArray(join(body)),
                                    rows.rows(),
                                    definition(keyType, dimension));
                    assertEqual(read, rows, dimension);
                });
    }

    @Test
    void adjoiningVectorsAreHandedOnInOnePiece() {
        LoggedRows rows = goldenRows();
        assertThat(RowFormat.encode(rows, KeyType.STRING, 3)).hasSize(3);
    }

    @Test
    void damageIsReportedAndNeverLeavesAsAnotherException() {
        byte[] good = join(RowFormat.encode(goldenRows(), KeyType.STRING, 3));
        CollectionDefinition definition = definition(KeyType.STRING, 3);
        for (int length = 0; length < good.length; length++) {
            MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(good, length));
            assertCode(() -> RowFormat.decode(cut, 4, definition), ErrorCode.LOG_CORRUPT);
        }
        RandomCases.run(
                300,
                (random, _) -> {
                    byte[] bad = good.clone();
                    bad[1 + random.nextInt(bad.length - 1)] ^= (byte) (1 << random.nextInt(8));
                    try {
                        assertThat(
                                        RowFormat.decode(MemorySegment.ofArray(bad), 4, definition)
                                                .rows())
                                .isEqualTo(4);
                    } catch (ArbalestException e) {
                        assertThat(e.code()).isEqualTo(ErrorCode.LOG_CORRUPT);
                    }
                });
    }

    @Test
    void aLaterFormatIsRefused() {
        byte[] later = join(RowFormat.encode(goldenRows(), KeyType.STRING, 3));
        later[0] = 2;
        assertCode(
                () ->
                        RowFormat.decode(
                                MemorySegment.ofArray(later), 4, definition(KeyType.STRING, 3)),
                ErrorCode.UNSUPPORTED_FORMAT_VERSION);
    }

    private static void assertCode(Runnable call, ErrorCode code) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private static CollectionDefinition definition(KeyType keyType, int dimension) {
        return new CollectionDefinition(
                "golden",
                new UUID(1, 2),
                keyType,
                dimension,
                Metric.L2,
                HnswParams.DEFAULT,
                FIELDS,
                1,
                1);
    }

    /**
     * Two upserts, a delete, an upsert; one without a version; a gap between the second and the
     * third vector.
     */
    static LoggedRows goldenRows() {
        short[] halves = {
            0x3c00, 0x4000, 0x4200, 0x0001, (short) 0x8400, 0x7bff, 0, 0, 0, 0x1111, 0x2222, 0x3333
        };
        byte[] vectors = new byte[24];
        for (int i = 0; i < halves.length; i++) {
            vectors[2 * i] = (byte) halves[i];
            vectors[2 * i + 1] = (byte) (halves[i] >>> 8);
        }
        @Nullable Object[] @Nullable [] values = {
            {"red", List.of("a", "b")}, {null, null}, null, {"grün", List.of()},
        };
        byte[][] metadata = new byte[4][];
        for (int i = 0; i < 4; i++) {
            @Nullable Object @Nullable [] row = values[i];
            metadata[i] = row == null ? new byte[0] : MetadataCodec.encode(FIELDS, row);
        }
        return new LoggedRows(
                new LoggedRows.Header(
                        new RowBatch.Writer("job-α", 3, 5, 77, 0), true, 1_767_225_600_123L),
                new OperationKind[] {
                    OperationKind.UPSERT,
                    OperationKind.UPSERT,
                    OperationKind.DELETE,
                    OperationKind.UPSERT
                },
                new PointKey[] {
                    PointKey.of("a"),
                    PointKey.of("schlüssel"),
                    PointKey.of("gone"),
                    PointKey.of("z")
                },
                new @Nullable Version[] {
                    new Version(1, 1_767_225_600_000L, 42),
                    null,
                    new Version(-1, Long.MIN_VALUE, Long.MAX_VALUE),
                    new Version(0, 7, 0)
                },
                MemorySegment.ofArray(vectors),
                new long[] {0, 6, LoggedRows.NO_VECTOR, 18},
                metadata,
                values);
    }

    private static LoggedRows randomRows(RandomGenerator random, KeyType keyType, int dimension) {
        int n = 1 + random.nextInt(20);
        byte[] vectors = new byte[n * dimension * 2];
        random.nextBytes(vectors);
        OperationKind[] operations = new OperationKind[n];
        PointKey[] keys = new PointKey[n];
        @Nullable Version[] versions = new @Nullable Version[n];
        long[] offsets = new long[n];
        byte[][] metadata = new byte[n][];
        @Nullable Object[] @Nullable [] values = new @Nullable Object[n][];
        for (int i = 0; i < n; i++) {
            boolean delete = random.nextInt(4) == 0;
            operations[i] = delete ? OperationKind.DELETE : OperationKind.UPSERT;
            keys[i] =
                    keyType == KeyType.INT64
                            ? PointKey.of(random.nextLong())
                            : PointKey.of("k" + random.nextLong());
            versions[i] =
                    random.nextBoolean()
                            ? null
                            : new Version(random.nextInt(), random.nextLong(), random.nextLong());
            offsets[i] = delete ? LoggedRows.NO_VECTOR : (long) i * dimension * 2;
            @Nullable Object[] row = {
                random.nextBoolean() ? null : "c" + random.nextInt(9), List.of("t")
            };
            values[i] = delete ? null : row;
            metadata[i] = delete ? new byte[0] : MetadataCodec.encode(FIELDS, row);
        }
        RowBatch.Writer writer =
                new RowBatch.Writer(
                        "g" + random.nextInt(),
                        random.nextInt(),
                        random.nextLong(),
                        random.nextLong(),
                        0);
        return new LoggedRows(
                new LoggedRows.Header(writer, random.nextBoolean(), random.nextLong()),
                operations,
                keys,
                versions,
                MemorySegment.ofArray(vectors),
                offsets,
                metadata,
                values);
    }

    private static void assertEqual(LoggedRows found, LoggedRows expected, int dimension) {
        assertThat(found.header()).isEqualTo(expected.header());
        assertThat(found.operations()).isEqualTo(expected.operations());
        assertThat(found.keys()).isEqualTo(expected.keys());
        assertThat(found.versions()).isEqualTo(expected.versions());
        assertThat(found.metadata()).isEqualTo(expected.metadata());
        assertThat(found.values()).isEqualTo(expected.values());
        for (int i = 0; i < expected.rows(); i++) {
            long offset = expected.vectorOffsets()[i];
            assertThat(found.vectorOffsets()[i] == LoggedRows.NO_VECTOR)
                    .isEqualTo(offset == LoggedRows.NO_VECTOR);
            if (offset != LoggedRows.NO_VECTOR) {
                assertThat(vector(found, i, dimension)).isEqualTo(vector(expected, i, dimension));
            }
        }
    }

    private static byte[] vector(LoggedRows rows, int row, int dimension) {
        return rows.vectors()
                .asSlice(rows.vectorOffsets()[row], dimension * 2L)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    static byte[] join(List<MemorySegment> parts) {
        byte[] all = new byte[(int) parts.stream().mapToLong(MemorySegment::byteSize).sum()];
        int position = 0;
        for (MemorySegment part : parts) {
            MemorySegment.copy(
                    part, ValueLayout.JAVA_BYTE, 0, all, position, (int) part.byteSize());
            position += (int) part.byteSize();
        }
        return all;
    }
}
