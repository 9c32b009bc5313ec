package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

class PutSchemaTest {
    private static final CollectionDefinition DEFINITION =
            Definitions.of(KeyType.STRING, Metric.IP, 4);

    @Test
    void theOrderOfColumnsIsFreeAndMostMayBeAbsent() {
        List<Field> columns = new ArrayList<>(PutSchema.full(DEFINITION).arrow().getFields());
        Collections.reverse(columns);
        assertThat(PutSchema.check(new Schema(columns), DEFINITION).arrow().getFields())
                .isEqualTo(columns);
        Schema least = new Schema(List.of(Field.notNullable("id", ArrowType.Utf8.INSTANCE)));
        assertThat(PutSchema.check(least, DEFINITION).column("vector")).isEqualTo(-1);
    }

    @Test
    void whatDoesNotFitIsRefusedWithItsOwnCode() {
        Field id = ColumnTypes.id(KeyType.STRING);
        refused(ErrorCode.SCHEMA_MISMATCH, ColumnTypes.vector(4, VectorEncoding.FLOAT16));
        refused(ErrorCode.KEY_TYPE_MISMATCH, ColumnTypes.id(KeyType.INT64));
        refused(ErrorCode.DIMENSION_MISMATCH, id, ColumnTypes.vector(5, VectorEncoding.FLOAT16));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("vector", ColumnTypes.FLOAT64));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("_op", ColumnTypes.INT64));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("_mine", ColumnTypes.INT64));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("score", ColumnTypes.FLOAT64));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("nope", ColumnTypes.UTF8));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("installed_kb", ColumnTypes.INT32));
        refused(ErrorCode.SCHEMA_MISMATCH, id, Field.nullable("tags", ColumnTypes.UTF8));
        refused(ErrorCode.SCHEMA_MISMATCH, id, id);
    }

    private static void refused(ErrorCode code, Field... columns) {
        assertThatThrownBy(() -> PutSchema.check(new Schema(List.of(columns)), DEFINITION))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining("Fix: ");
    }
}
