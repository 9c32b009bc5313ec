package io.arbalest.flink;

import io.arbalest.client.Point;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.KeyType;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.apache.flink.annotation.Internal;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bytes of a point between two tasks. A point is immutable, so copies are the point itself.
 *
 * <p>Version 1, big-endian: key type u8 (0 text, 1 int64), key length i32 and bytes, operation u8,
 * component count i32 (-1: no vector) and binary16 components, field count i32, then for each field
 * its name and value, then u8 whether there is a version and, if so, generation i32, version i64,
 * tiebreak i64. A text is a length i32 and UTF-8. A value is a tag u8 (0 none, 1 text, 2 int64, 3
 * float64, 4 boolean, 5 instant as seconds i64 and nanoseconds i32, 6 list as count i32 and values,
 * 7 set to null) and its body.
 *
 * <p>Thread-safe: no state.
 */
@Internal
final class PointTypeSerializer extends TypeSerializerSingleton<Point> {
    private static final long serialVersionUID = 1L;

    static final PointTypeSerializer INSTANCE = new PointTypeSerializer();

    private static final byte NULL = 0;
    private static final byte TEXT = 1;
    private static final byte LONG = 2;
    private static final byte DOUBLE = 3;
    private static final byte BOOLEAN = 4;
    private static final byte INSTANT = 5;
    private static final byte LIST = 6;
    private static final byte SET_TO_NULL = 7;

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public Point createInstance() {
        return Point.delete(PointKey.of(0), null);
    }

    @Override
    public Point copy(Point from) {
        return from;
    }

    @Override
    public Point copy(Point from, Point reuse) {
        return from;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        serialize(deserialize(source), target);
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Point point, DataOutputView out) throws IOException {
        out.writeBoolean(point.key().type() == KeyType.INT64);
        writeBytes(point.key().canonicalBytes(), out);
        out.writeByte(point.operation().wireValue());
        short[] vector = point.vector();
        out.writeInt(vector == null ? -1 : vector.length);
        if (vector != null) {
            for (short component : vector) {
                out.writeShort(component);
            }
        }
        out.writeInt(point.metadata().size());
        for (Map.Entry<String, Object> field : point.metadata().entrySet()) {
            writeText(field.getKey(), out);
            writeValue(field.getValue(), out);
        }
        Version version = point.version();
        out.writeBoolean(version != null);
        if (version != null) {
            out.writeInt(version.generation());
            out.writeLong(version.version());
            out.writeLong(version.tiebreak());
        }
    }

    @Override
    public Point deserialize(DataInputView in) throws IOException {
        KeyType keyType = in.readBoolean() ? KeyType.INT64 : KeyType.STRING;
        PointKey key = PointKey.ofCanonicalBytes(keyType, readBytes(in));
        OperationKind operation = OperationKind.ofWireValue(in.readByte());
        int components = in.readInt();
        short @Nullable [] vector = components < 0 ? null : new short[components];
        if (vector != null) {
            for (int i = 0; i < components; i++) {
                vector[i] = in.readShort();
            }
        }
        int fields = in.readInt();
        Map<String, Object> metadata = new LinkedHashMap<>();
        for (int field = 0; field < fields; field++) {
            String name = readText(in);
            Object value = readValue(in);
            if (value != null) { // a missing field and a null are the same
                metadata.put(name, value);
            }
        }
        Version version =
                in.readBoolean() ? new Version(in.readInt(), in.readLong(), in.readLong()) : null;
        return new Point(key, operation, vector, metadata, version);
    }

    @Override
    public Point deserialize(Point reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    private static void writeValue(@Nullable Object value, DataOutputView out) throws IOException {
        if (value == null) {
            out.writeByte(NULL);
        } else if (value == ExplicitNull.NULL) {
            out.writeByte(SET_TO_NULL);
        } else if (value instanceof String text) {
            out.writeByte(TEXT);
            writeText(text, out);
        } else if (value instanceof Long number) {
            out.writeByte(LONG);
            out.writeLong(number);
        } else if (value instanceof Double number) {
            out.writeByte(DOUBLE);
            out.writeDouble(number);
        } else if (value instanceof Boolean flag) {
            out.writeByte(BOOLEAN);
            out.writeBoolean(flag);
        } else if (value instanceof Instant instant) {
            out.writeByte(INSTANT);
            out.writeLong(instant.getEpochSecond());
            out.writeInt(instant.getNano());
        } else if (value instanceof List<?> list) {
            out.writeByte(LIST);
            out.writeInt(list.size());
            for (Object item : list) {
                writeValue(item, out);
            }
        } else {
            throw new IOException("no metadata value: " + value.getClass().getName());
        }
    }

    private static @Nullable Object readValue(DataInputView in) throws IOException {
        byte tag = in.readByte();
        return switch (tag) {
            case NULL -> null;
            case SET_TO_NULL -> ExplicitNull.NULL;
            case TEXT -> readText(in);
            case LONG -> in.readLong();
            case DOUBLE -> in.readDouble();
            case BOOLEAN -> in.readBoolean();
            case INSTANT -> Instant.ofEpochSecond(in.readLong(), in.readInt());
            case LIST -> readList(in);
            default -> throw new IOException("unknown tag " + tag + " of a metadata value");
        };
    }

    private static List<@Nullable Object> readList(DataInputView in) throws IOException {
        int size = in.readInt();
        List<@Nullable Object> list = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            list.add(readValue(in));
        }
        return list;
    }

    private static void writeText(String text, DataOutputView out) throws IOException {
        writeBytes(text.getBytes(StandardCharsets.UTF_8), out);
    }

    private static String readText(DataInputView in) throws IOException {
        return new String(readBytes(in), StandardCharsets.UTF_8);
    }

    private static void writeBytes(byte[] bytes, DataOutputView out) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] readBytes(DataInputView in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }

    @Override
    public TypeSerializerSnapshot<Point> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Identifies the form above in savepoints. */
    @Internal
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Point> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}
