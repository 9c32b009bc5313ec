package io.arbalest.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.Point;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

class PointTypeInfoTest {
    private final TypeSerializer<Point> serializer =
            PointTypeInfo.INSTANCE.createSerializer(new SerializerConfigImpl());

    @Test
    void everyKindOfPointTravels() throws IOException {
        Map<String, Object> metadata =
                Map.of(
                        "text",
                        "grün",
                        "long",
                        Long.MIN_VALUE,
                        "double",
                        -0.0,
                        "flag",
                        true,
                        "time",
                        Instant.ofEpochSecond(-5, 123_456_000),
                        "list",
                        List.of("a", "b"),
                        "empty",
                        List.of());
        Point upsert =
                Point.upsert(
                        PointKey.of("naïve"),
                        new float[] {1, -2.5f},
                        metadata,
                        new Version(1, -2, 3));
        Point back = roundTrip(upsert);
        assertThat(back.key()).isEqualTo(upsert.key());
        assertThat(back.operation()).isEqualTo(upsert.operation());
        assertThat(back.vector()).containsExactly(upsert.vector());
        assertThat(back.metadata()).isEqualTo(metadata);
        assertThat(back.version()).isEqualTo(upsert.version());

        Point patch =
                Point.patch(PointKey.of(1), Map.of("gone", ExplicitNull.NULL, "kept", 1L), null);
        assertThat(roundTrip(patch)).isEqualTo(patch);

        Point delete = roundTrip(Point.delete(PointKey.of(-7), null));
        assertThat(delete).isEqualTo(Point.delete(PointKey.of(-7), null));
    }

    @Test
    void aPointIsNeverCopied() {
        Point point = Point.delete(PointKey.of(1), null);
        assertThat(serializer.copy(point)).isSameAs(point);
        assertThat(serializer.isImmutableType()).isTrue();
    }

    private Point roundTrip(Point point) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        serializer.serialize(point, out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        DataOutputSerializer copy = new DataOutputSerializer(64);
        serializer.copy(in, copy);
        assertThat(in.available()).isZero();
        assertThat(copy.getCopyOfBuffer()).isEqualTo(out.getCopyOfBuffer());
        return serializer.deserialize(new DataInputDeserializer(copy.getCopyOfBuffer()));
    }
}
