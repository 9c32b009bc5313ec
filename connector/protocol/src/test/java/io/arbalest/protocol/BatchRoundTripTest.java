package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;
import java.util.List;
import java.util.Map;

class BatchRoundTripTest {
    private static final Map<String, Object> METADATA =
            Map.of(
                    "section", "net",
                    "installed_kb", 120L,
                    "weight", 1.5,
                    "essential", true,
                    "updated", Instant.parse("2026-01-31T12:00:00.123456Z"),
                    "tags", List.of("a", "", "grün"),
                    "sizes", List.of(1L, Long.MIN_VALUE),
                    "weights", List.of(-0.0),
                    "flags", List.of(true, false),
                    "times", List.of(Instant.parse("1969-12-31T23:59:59.999999Z")));

    private final BufferAllocator allocator = new RootAllocator();

    @AfterEach
    void noBufferIsLeft() {
        allocator.close();
    }

    @Test
    void writesComeOutAsTheyWentIn() {
        CollectionDefinition definition = Definitions.of(KeyType.STRING, Metric.IP, 5);
        PutSchema schema = PutSchema.full(definition);
        short[] vector = {1, (short) 0x8000, 0x3c00, (short) 0xbc00, 0x7bff};
        try (PutBatch batch = new PutBatch(schema, allocator)) {
            for (int round = 0; round < 2; round++) {
                batch.clear(1); // too small on purpose: columns grow
                batch.add(
                        PointKey.of("a"),
                        OperationKind.UPSERT,
                        vector,
                        METADATA,
                        new Version(1, 2, 3));
                for (int row = 1; row < 1000; row++) {
                    batch.add(PointKey.of("k" + row), OperationKind.DELETE, null, Map.of(), null);
                }
                batch.add(PointKey.of("z"), OperationKind.UPSERT, vector, METADATA, null);
                VectorSchemaRoot root = batch.finish();

                PutRows rows = new PutRows(PutSchema.check(root.getSchema(), definition), root);
                assertThat(rows.rowCount()).isEqualTo(1001);
                for (int row : new int[] {0, 1000}) {
                    short[] read = new short[5];
                    rows.requireVector(row).copyHalves(row, read);
                    assertThat(read).isEqualTo(vector);
                    assertThat(rows.metadata(row)).isEqualTo(METADATA);
                    assertThat(rows.operation(row)).isEqualTo(OperationKind.UPSERT);
                }
                assertThat(rows.key(0)).isEqualTo(PointKey.of("a"));
                assertThat(rows.version(0)).isEqualTo(new Version(1, 2, 3));
                assertThat(rows.version(1000)).isNull();
                assertThat(rows.operation(500)).isEqualTo(OperationKind.DELETE);
                assertThat(rows.metadata(500)).isEmpty();
                assertThatThrownBy(() -> rows.requireVector(500))
                        .isInstanceOfSatisfying(
                                ArbalestException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.VECTOR_MISSING));
            }
        }
    }

    private static final CollectionDefinition WITH_JSON =
            Definitions.of(KeyType.STRING, Metric.IP, 2)
                    .withFields(
                            List.of(
                                    new Field("section", FieldType.STRING),
                                    new Field("extra", FieldType.JSON)));

    @Test
    void nullsAreSaidByNameAndJsonComesBackAsItIs() {
        String json = "{ \"a\": [1, 2.50, null],\t\"b\": \"\\u00fc\" }";
        try (PutBatch batch = new PutBatch(PutSchema.full(WITH_JSON), allocator)) {
            batch.clear(4);
            Map<String, Object> both = Map.of("section", ExplicitNull.NULL, "extra", json);
            batch.add(PointKey.of("a"), OperationKind.PATCH, null, Map.of(), null);
            batch.add(PointKey.of("b"), OperationKind.PATCH, null, both, null);
            Map<String, Object> nulls =
                    Map.of("section", ExplicitNull.NULL, "extra", ExplicitNull.NULL);
            batch.add(PointKey.of("c"), OperationKind.PATCH, null, nulls, null);
            batch.add(PointKey.of("d"), OperationKind.DELETE, null, Map.of(), null);
            VectorSchemaRoot root = batch.finish();
            PutRows rows = new PutRows(PutSchema.check(root.getSchema(), WITH_JSON), root);
            assertThat(rows.metadata(0)).isEmpty();
            assertThat(rows.metadata(1)).isEqualTo(both);
            assertThat(rows.metadata(2)).isEqualTo(nulls);
            assertThat(rows.metadata(3)).isEmpty();
        }
    }

    @Test
    void whatCannotBeBothOrIsNoFieldIsRefusedByRow() {
        try (PutBatch batch = new PutBatch(PutSchema.full(WITH_JSON), allocator)) {
            batch.clear(2);
            Map<String, Object> some = Map.of("section", "net");
            batch.add(PointKey.of("a"), OperationKind.UPSERT, null, some, null);
            batch.add(PointKey.of("b"), OperationKind.UPSERT, null, some, null);
            ColumnWriter nulls =
                    ColumnWriter.of(FieldType.STRING_ARRAY, batch.root().getVector("_nulls"));
            nulls.set(0, List.of("section"));
            nulls.set(1, List.of("extra", "wide"));
            PutRows rows = new PutRows(PutSchema.full(WITH_JSON), batch.finish());
            assertThatThrownBy(() -> rows.metadata(0)).hasMessageContaining("ARB-1109");
            assertThatThrownBy(() -> rows.metadata(1)).hasMessageContaining("ARB-1201");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\": 1|at character",
                "{\"a\": 1}}|at character 9",
                "1 2|at character 3: more follows",
                "{'a': 1}|at character 2",
                "{\"a\": NaN}|at character",
                "{\"a\": 1, \"a\": 2}|Duplicate",
                "hello|at character",
                "{|at character 2",
                "|it is empty"
            })
    void whatIsNotJsonIsRefusedWithItsPlace(@Nullable String text, String saying) {
        Field field = new Field("extra", FieldType.JSON);
        String value = text == null ? " " : text;
        assertThatThrownBy(() -> MetadataValues.check(field, value))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.VALUE_NOT_JSON))
                .hasMessageContaining(saying)
                .hasMessageNotContaining("Source");
    }

    @Test
    void jsonHasLimits() {
        Field field = new Field("extra", FieldType.JSON);
        String deepest = "[".repeat(WireLimits.MAX_JSON_DEPTH);
        MetadataValues.check(field, deepest + "]".repeat(WireLimits.MAX_JSON_DEPTH));
        MetadataValues.check(field, "\"" + "x".repeat(WireLimits.MAX_JSON_BYTES - 2) + "\"");
        assertThatThrownBy(() -> MetadataValues.check(field, "[" + deepest))
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining("depth");
        assertThatThrownBy(() ->
                        MetadataValues.check(
                                field, "\"" + "ü".repeat(WireLimits.MAX_JSON_BYTES / 2) + "\""))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED));
    }

    @Test
    void filtersMayOnlyAskWhetherThereIsJson() {
        assertThat(FilterText.parseFor(WITH_JSON, "extra is not null and section = 'a'"))
                .isNotNull();
        for (String filter :
                List.of(
                        "extra = '{}'",
                        "extra like 'a%'",
                        "extra contains 'a'",
                        "extra in ('a', 'b')",
                        "extra between 'a' and 'b'")) {
            assertThatThrownBy(() -> FilterText.parseFor(WITH_JSON, "section = 'a' and " + filter))
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.FILTER_TYPE_MISMATCH))
                    .hasMessageContaining("filter at character ")
                    .hasMessageContaining("is JSON");
        }
    }

    @Test
    void theRawBufferHoldsLittleEndianHalves() {
        CollectionDefinition definition = Definitions.of(KeyType.INT64, Metric.IP, 3);
        try (PutBatch batch = new PutBatch(PutSchema.full(definition), allocator)) {
            batch.clear(2);
            batch.add(PointKey.of(1), OperationKind.UPSERT, new short[] {1, 2, 3}, Map.of(), null);
            batch.add(
                    PointKey.of(2),
                    OperationKind.UPSERT,
                    new short[] {4, 0x0506, 7},
                    Map.of(),
                    null);
            PutRows rows = new PutRows(PutSchema.full(definition), batch.finish());
            VectorColumn column = rows.requireVector(1);
            assertThat(column.byteOffset(1)).isEqualTo(6);
            assertThat(column.data().getByte(8)).isEqualTo((byte) 0x06);
            assertThat(column.data().getByte(9)).isEqualTo((byte) 0x05);
            assertThat(column.hasNullComponent(1)).isFalse();
        }
    }

    @Test
    void answersComeOutAsTheyWentIn() {
        CollectionDefinition definition = Definitions.of(KeyType.INT64, Metric.L2, 4);
        ResultSchema schema = ResultSchema.search(definition, List.of("tags", "section"), true);
        short[] vector = {1, 2, 3, 4};
        try (ResultBatch batch = new ResultBatch(schema, allocator)) {
            batch.clear(2);
            batch.add(0, PointKey.of(-7), -2.5, new Version(1, 2, 3), vector, METADATA);
            batch.add(1, PointKey.of(8), 0.0, new Version(0, 0, 0), null, Map.of());
            ResultRows rows = new ResultRows(schema, batch.finish());
            assertThat(rows.rowCount()).isEqualTo(2);
            assertThat(rows.query(1)).isEqualTo(1);
            assertThat(rows.key(0)).isEqualTo(PointKey.of(-7));
            assertThat(rows.score(0)).isEqualTo(-2.5);
            assertThat(rows.version(0)).isEqualTo(new Version(1, 2, 3));
            assertThat(rows.vector(0)).isEqualTo(vector);
            assertThat(rows.vector(1)).isNull();
            assertThat(rows.metadata(0))
                    .containsOnlyKeys("section", "tags")
                    .containsEntry("section", "net");
            assertThat(batch.root().getVector("distance").getObject(0)).isEqualTo(2.5);
            assertThat(batch.root().getVector("distance").getObject(1)).isEqualTo(0.0);
        }
    }

    @Test
    void queriesAndKeysComeOutAsTheyWentIn() {
        CollectionDefinition definition = Definitions.of(KeyType.STRING, Metric.IP, 2);
        List<float[]> queries = List.of(new float[] {1.5f, -2}, new float[] {1e-20f, 3e30f});
        try (VectorSchemaRoot root =
                VectorSchemaRoot.create(QuerySchema.search(definition), allocator)) {
            QuerySchema.writeQueries(root, queries);
            QuerySchema.check(root.getSchema(), definition, false);
            assertThat(QuerySchema.readQueries(root)).usingRecursiveComparison().isEqualTo(queries);
            QuerySchema.writeQueries(root, List.of(new float[] {Float.NaN, 0}));
            assertThatThrownBy(() -> QuerySchema.readQueries(root))
                    .hasMessageContaining("ARB-1102");
        }
        List<PointKey> keys = List.of(PointKey.of("a"), PointKey.of("ä"));
        try (VectorSchemaRoot root =
                VectorSchemaRoot.create(QuerySchema.get(definition), allocator)) {
            QuerySchema.writeKeys(root, keys);
            QuerySchema.check(root.getSchema(), definition, true);
            assertThat(QuerySchema.readKeys(root)).isEqualTo(keys);
        }
    }

    @Test
    void floatsAreRoundedToHalvesAndOverflowIsRefused() {
        CollectionDefinition definition = Definitions.of(KeyType.STRING, Metric.IP, 2);
        try (VectorSchemaRoot root =
                VectorSchemaRoot.create(
                        PutSchema.full(definition, VectorEncoding.FLOAT32).arrow(), allocator)) {
            VectorColumn column =
                    new VectorColumn(
                            (org.apache.arrow.vector.complex.FixedSizeListVector)
                                    root.getVector("vector"));
            column.allocate(2);
            column.setFloats(0, new float[] {0.1f, -1});
            column.setFloats(1, new float[] {0, 70_000});
            root.setRowCount(2);
            PutRows rows = new PutRows(PutSchema.check(root.getSchema(), definition), root);
            short[] read = new short[2];
            rows.requireVector(0).copyHalves(0, read);
            assertThat(read).containsExactly(Binary16.fromFloat(0.1f), Binary16.fromFloat(-1));
            assertThatThrownBy(() -> rows.requireVector(1).copyHalves(1, read))
                    .hasMessageContaining("ARB-1103");
            assertThatThrownBy(() -> rows.key(0)).hasMessageContaining("ARB-1106");
        }
    }
}
