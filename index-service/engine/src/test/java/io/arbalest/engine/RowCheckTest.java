package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

final class RowCheckTest {
    private static final PointKey KEY = PointKey.of("a");

    private static CollectionDefinition definition(int dimension, Metric metric) {
        return new CollectionDefinition(
                "things",
                new UUID(1, 2),
                KeyType.STRING,
                dimension,
                metric,
                HnswParams.DEFAULT,
                List.of(new Field("text", FieldType.STRING)),
                1,
                1);
    }

    private static RowCheck.Checked check(CollectionDefinition definition, RowBatch batch) {
        return new RowCheck(definition).check(batch, 0, 100, 1 << 20);
    }

    private static ErrorCode rowError(CollectionDefinition definition, Batches batch) {
        RowCheck.Checked checked = check(definition, batch.build());
        assertThat(checked.pieces()).isEmpty();
        return Objects.requireNonNull(checked.errors().get(0)).code();
    }

    @Test
    void everyHalfIsJudgedByItsBitsAtEveryPosition() {
        CollectionDefinition definition = definition(7, Metric.COSINE);
        for (int position = 0; position < 7; position++) {
            byte[] bytes = new byte[14];
            RowBatch batch =
                    new RowBatch(
                            List.of(OperationKind.UPSERT),
                            List.of(KEY),
                            Collections.singletonList(null),
                            MemorySegment.ofArray(bytes),
                            List.<@Nullable Object[]>of(new @Nullable Object[] {"x"}),
                            RowBatch.Writer.ANONYMOUS,
                            false);
            for (int bits = 0; bits <= 0xffff; bits++) {
                MemorySegment.ofArray(bytes)
                        .set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * position, (short) bits);
                float value = Float.float16ToFloat((short) bits);
                ArbalestException error = check(definition, batch).errors().get(0);
                ErrorCode code = error == null ? null : error.code();
                ErrorCode expected =
                        !Float.isFinite(value)
                                ? ErrorCode.VECTOR_NOT_FINITE
                                : value == 0 ? ErrorCode.VECTOR_ZERO : null;
                assertThat(code).isEqualTo(expected);
            }
        }
    }

    @Test
    void aZeroVectorIsFineForOtherMetrics() {
        RowBatch batch = Batches.of(2, 1).upsert(KEY, null, new float[2], "x").build();
        assertThat(check(definition(2, Metric.IP), batch).errors()).isEmpty();
        assertThat(check(definition(2, Metric.L2), batch).errors()).isEmpty();
    }

    @Test
    void rowsAreRefusedWithTheirCode() {
        CollectionDefinition definition = definition(2, Metric.IP);
        float[] vector = {1, 2};
        assertThat(rowError(definition, Batches.of(2, 1).upsert(PointKey.of(5), null, vector, "x")))
                .isEqualTo(ErrorCode.KEY_TYPE_MISMATCH);
        assertThat(rowError(definition, Batches.of(2, 1).upsert(KEY, null, vector, 5L)))
                .isEqualTo(ErrorCode.VALUE_TYPE_MISMATCH);
        assertThat(rowError(definition, Batches.of(2, 1).upsert(KEY, null, vector, "x", "y")))
                .isEqualTo(ErrorCode.SCHEMA_MISMATCH);
        assertThat(
                        rowError(
                                definition,
                                Batches.of(2, 1).upsert(KEY, null, vector, "x".repeat(70_000))))
                .isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        assertThat(
                        rowError(
                                definition,
                                Batches.of(2, 1).row(OperationKind.PATCH, KEY, null, vector, "x")))
                .isEqualTo(ErrorCode.UNKNOWN_OPERATION);
    }

    @Test
    void aDeleteNeedsNoVector() {
        RowBatch batch = Batches.of(2, 1).delete(KEY, null).build();
        RowCheck.Checked checked = check(definition(2, Metric.COSINE), batch);
        assertThat(checked.errors()).isEmpty();
        assertThat(checked.pieces()).hasSize(1);
    }

    @Test
    void batchesAreRefusedWithTheirCode() {
        CollectionDefinition definition = definition(2, Metric.IP);
        assertBatch(definition, Batches.of(2, 1).build(), ErrorCode.LIMIT_EXCEEDED);
        assertBatch(
                definition,
                Batches.of(3, 1).upsert(KEY, null, new float[3], "x").build(),
                ErrorCode.DIMENSION_MISMATCH);
        assertBatch(
                definition,
                Batches.of(2, 1).delete(KEY, null).build(new RowBatch.Writer("job", 0, 1, 1, 9)),
                ErrorCode.UNSUPPORTED_FORMAT_VERSION);
        assertBatch(
                definition,
                Batches.of(2, 1)
                        .delete(KEY, null)
                        .build(new RowBatch.Writer("g".repeat(2000), 0, 1, 1, 0)),
                ErrorCode.LIMIT_EXCEEDED);
    }

    private static void assertBatch(
            CollectionDefinition definition, RowBatch batch, ErrorCode code) {
        assertThatThrownBy(() -> check(definition, batch))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void aBatchIsCutIntoPiecesThatKeepItsOrder() {
        Batches batch = Batches.of(2, 1);
        for (int i = 0; i < 250; i++) {
            if (i % 10 == 3) {
                batch.upsert(PointKey.of("k" + i), null, new float[] {i, 1}, 7L); // not a text
            } else {
                batch.upsert(PointKey.of("k" + i), null, new float[] {i, 1}, "x".repeat(i));
            }
        }
        RowCheck.Checked checked =
                new RowCheck(definition(2, Metric.IP)).check(batch.build(), 0, 100, 4096);
        assertThat(checked.errors()).hasSize(25);
        int expected = 0;
        for (int i = 0; i < checked.pieces().size(); i++) {
            LoggedRows piece = checked.pieces().get(i);
            assertThat(piece.rows()).isBetween(1, 100);
            for (int row = 0; row < piece.rows(); row++) {
                expected += expected % 10 == 3 ? 1 : 0;
                assertThat(piece.keys()[row]).isEqualTo(PointKey.of("k" + expected));
                assertThat(checked.rowNumbers().get(i)[row]).isEqualTo(expected);
                expected++;
            }
        }
        assertThat(expected).isEqualTo(250);
        assertThat(checked.pieces()).hasSizeGreaterThan(5);
    }
}
