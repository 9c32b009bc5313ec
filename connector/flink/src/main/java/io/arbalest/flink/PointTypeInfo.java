package io.arbalest.flink;

import io.arbalest.client.Point;

import org.apache.flink.annotation.PublicEvolving;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Flink's type of a stream of points: {@code stream.map(...).returns(PointTypeInfo.INSTANCE)}.
 * Without it Flink would fall back to Kryo.
 *
 * <p>Immutable.
 */
@PublicEvolving
public final class PointTypeInfo extends TypeInformation<Point> {
    private static final long serialVersionUID = 1L;

    public static final PointTypeInfo INSTANCE = new PointTypeInfo();

    private PointTypeInfo() {}

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    public Class<Point> getTypeClass() {
        return Point.class;
    }

    @Override
    public boolean isKeyType() {
        return false;
    }

    @Override
    public TypeSerializer<Point> createSerializer(SerializerConfig config) {
        return PointTypeSerializer.INSTANCE;
    }

    @Override
    public String toString() {
        return "Point";
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PointTypeInfo;
    }

    @Override
    public int hashCode() {
        return PointTypeInfo.class.hashCode();
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof PointTypeInfo;
    }
}
