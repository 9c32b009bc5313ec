package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;
import org.roaringbitmap.InvalidRoaringFormat;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.buffer.ImmutableRoaringBitmap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.UUID;

/**
 * What lies in a shard's store. Integers in values are little-endian, in keys big-endian, so that
 * keys sort. Every value starts with u8, the version of its layout. Checksums are the store's, one
 * a block.
 *
 * <pre>
 * KEYS      key    the canonical bytes of the point's key
 *           value  u8 2 | u8 flags: bit 0 tombstone | i32 generation | i64 version | i64 tiebreak
 *                  | i64 sequence number | i32 segment | i32 ordinal | u32 CRC32C of what was written (42 bytes)
 *                  a tombstone has segment and ordinal -1; in version 1 the checksum is missing and reads as 0
 * ROWS      key    u32 segment | u32 ordinal
 *           value  u8 1 | i32 generation | i64 version | i64 tiebreak | i64 sequence number of the append
 *                  | u16 key length | key bytes | metadata ({@link MetadataCodec}) to the end
 * POSTINGS  key    u16 field position | u32 segment | u16 block = ordinal / 65536 | term ({@link Terms}) to the end
 *                  an array posts each element; a null posts, under 0x8000 + field position, the empty term;
 *                  of LONG, DOUBLE and TIMESTAMP fields only nulls are posted
 *           value  u8 1 | Roaring bitmap, portable serialisation, of the ordinals modulo 65536
 * COLUMNS   numbers of LONG, DOUBLE and TIMESTAMP fields: {@link ColumnFormat}
 * STATE     key    ASCII text:
 *   "schema"       u8 1 or 2 | 16 bytes incarnation (big-endian, as printed) | u8 key type: 0 string, 1 int64
 *                  | u16 fields | for each field: u8 type | u8 flags: 1 indexed, 2 with a default | u8 length of the name | name
 *                                 | with a default: u16 length | the default, as {@link MetadataCodec} writes a row of it
 *                  types: 0 STRING 1 LONG 2 DOUBLE 3 BOOLEAN 4 TIMESTAMP 5 JSON, + 16 for an array of it
 *                  2: some field is JSON or has a default, which releases that know only 1 do not read
 *   "applied"      u8 1 | i64 sequence number of the last row that is in here
 *   "counts"       u8 1 | i64 live points | i64 tombstones
 *   "horizon"      u8 1 | i32 generation | i64 version | i64 tiebreak: the highest version of a purged tombstone
 *   "rows/" u32 segment   u8 1 | i32 highest ordinal + 1
 *   "postings"     u8 1 | u8 3: what is posted; 2: numbers, too, and no columns, which are made when such a store is opened;
 *                  1, or absent: no nulls and no arrays, which this release does not read
 * ENDED      key    u32 segment | u32 ordinal
 *           value  u8 1 | i64 sequence number of the row that replaced or deleted it
 * TOMBSTONES key    u64 sequence number of the delete
 *           value  u8 1 | i64 wall clock when it was taken, milliseconds | key bytes to the end
 * CHANGED   key    u32 segment | u32 ordinal
 *           value  u8 1: the row's value in ROWS is not the one that it was appended with
 * </pre>
 *
 * <p>Segment and ordinal name a row for good, in whatever file it lies. Rows and postings of
 * replaced and deleted points stay until they are {@linkplain ShardMetadata#forgetRows forgotten};
 * KEYS decides what is live.
 *
 * <p>Thread-safe: no state.
 */
final class MetadataFormat {
    static final byte VERSION = 1;
    static final int BLOCK_BITS = 16;

    static final byte[] SCHEMA = ascii("schema");
    static final byte[] APPLIED = ascii("applied");
    static final byte[] COUNTS = ascii("counts");
    static final byte[] HORIZON = ascii("horizon");
    static final byte[] ROWS_OF_SEGMENT = ascii("rows/");
    static final byte[] POSTED = ascii("postings");

    /** What is posted: values but numbers, elements of arrays, nulls. */
    static final byte POSTED_LAYOUT = 3;

    /** As {@link #POSTED_LAYOUT}, but numbers are posted, too, and there are no columns. */
    static final byte POSTED_WITH_NUMBERS = 2;

    private static final int NULL_FIELD = 0x8000;
    private static final byte[] NO_TERM = new byte[0];

    private static final byte SCHEMA_VERSION = 2;
    private static final int INDEXED = 1;
    private static final int WITH_DEFAULT = 2;
    private static final byte[] NO_DEFAULT = new byte[0];
    private static final int TOMBSTONE = 1;
    private static final int ARRAY_TYPE = 16;
    private static final byte LOCATION_VERSION = 2;
    private static final int OLD_LOCATION_BYTES = 38;
    private static final int LOCATION_BYTES = 42;
    private static final int TOMBSTONE_HEAD_BYTES = 9;
    private static final int ROW_HEAD_BYTES = 31;

    private MetadataFormat() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Starts a value: writes the version and stands behind it. */
    private static ByteBuffer start(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).put(VERSION);
    }

    /** Opens a value: checks its version and stands behind it. */
    static ByteBuffer open(byte[] value, int minimumBytes, String what) {
        return open(value, VERSION, minimumBytes, what);
    }

    private static ByteBuffer open(byte[] value, byte version, int minimumBytes, String what) {
        if (value.length < minimumBytes) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    what
                            + " in the store has "
                            + value.length
                            + " bytes, at least "
                            + minimumBytes
                            + " were expected",
                    ArbalestException.REFILL);
        }
        if (value[0] != version) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    what
                            + " in the store has format version "
                            + value[0]
                            + ", this release reads "
                            + version,
                    "run the release that wrote it, or a later one");
        }
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).position(1);
    }

    // KEYS

    static byte[] location(ShardMetadata.Location location) {
        byte[] value = new byte[LOCATION_BYTES];
        ByteBuffer out =
                start(value)
                        .put(0, LOCATION_VERSION)
                        .put((byte) (location.tombstone() ? TOMBSTONE : 0));
        putVersion(out, location.version(), location.sequenceNumber());
        out.putInt(location.segment()).putInt(location.ordinal()).putInt(location.content());
        return value;
    }

    static ShardMetadata.Location location(byte[] value) {
        boolean checked = value.length > 0 && value[0] == LOCATION_VERSION;
        ByteBuffer in =
                checked
                        ? open(value, LOCATION_VERSION, LOCATION_BYTES, "a location")
                        : open(value, OLD_LOCATION_BYTES, "a location");
        boolean tombstone = (in.get() & TOMBSTONE) != 0;
        Version version = new Version(in.getInt(), in.getLong(), in.getLong());
        return new ShardMetadata.Location(
                version,
                in.getLong(),
                tombstone,
                in.getInt(),
                in.getInt(),
                checked ? in.getInt() : 0);
    }

    private static void putVersion(ByteBuffer out, Version version, long sequenceNumber) {
        out.putInt(version.generation())
                .putLong(version.version())
                .putLong(version.tiebreak())
                .putLong(sequenceNumber);
    }

    // ROWS

    static byte[] rowKey(int segment, int ordinal) {
        return ByteBuffer.allocate(8).putInt(segment).putInt(ordinal).array();
    }

    static byte[] row(PointKey key, ShardMetadata.Location location, byte[] encodedMetadata) {
        byte[] keyBytes = key.canonicalBytes();
        byte[] value = new byte[ROW_HEAD_BYTES + keyBytes.length + encodedMetadata.length];
        ByteBuffer out = start(value);
        putVersion(out, location.version(), location.sequenceNumber());
        out.putShort((short) keyBytes.length).put(keyBytes).put(encodedMetadata);
        return value;
    }

    /** What the keys of a segment's rows start with. */
    static byte[] segmentPrefix(int segment) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(segment).array();
    }

    static int segmentOfRowKey(byte[] key) {
        return ByteBuffer.wrap(key).getInt();
    }

    static byte[] changed() {
        return new byte[] {VERSION};
    }

    static int ordinalOfRowKey(byte[] key) {
        return ByteBuffer.wrap(key).getInt(Integer.BYTES);
    }

    static Version rowVersion(byte[] value) {
        ByteBuffer in = open(value, ROW_HEAD_BYTES, "a row");
        return new Version(in.getInt(), in.getLong(), in.getLong());
    }

    static long rowSequenceNumber(byte[] value) {
        return open(value, ROW_HEAD_BYTES, "a row").getLong(ROW_HEAD_BYTES - Short.BYTES - 8);
    }

    /**
     * A row.
     *
     * @param wanted positions of the fields to decode, the others are null; null: all
     */
    static ShardMetadata.Row row(
            KeyType keyType, List<Field> fields, byte[] value, @Nullable BitSet wanted) {
        ByteBuffer in = open(value, ROW_HEAD_BYTES, "a row");
        Version version = new Version(in.getInt(), in.getLong(), in.getLong());
        long sequenceNumber = in.getLong();
        PointKey key = rowPointKey(keyType, value);
        int metadataAt = ROW_HEAD_BYTES + key.canonicalBytes().length;
        return new ShardMetadata.Row(
                key,
                version,
                sequenceNumber,
                MetadataCodec.decode(fields, value, metadataAt, wanted));
    }

    /** The fields wanted of a row; the others are null. */
    static @Nullable Object[] rowValues(List<Field> fields, byte[] value, BitSet wanted) {
        ByteBuffer in = open(value, ROW_HEAD_BYTES, "a row").position(ROW_HEAD_BYTES - Short.BYTES);
        int metadataAt = ROW_HEAD_BYTES + Short.toUnsignedInt(in.getShort());
        open(value, metadataAt, "a row");
        return MetadataCodec.decode(fields, value, metadataAt, wanted);
    }

    static PointKey rowPointKey(KeyType keyType, byte[] value) {
        ByteBuffer in = open(value, ROW_HEAD_BYTES, "a row").position(ROW_HEAD_BYTES - Short.BYTES);
        int length = Short.toUnsignedInt(in.getShort());
        open(value, ROW_HEAD_BYTES + length, "a row");
        byte[] keyBytes = new byte[length];
        in.get(keyBytes);
        return PointKey.ofCanonicalBytes(keyType, keyBytes);
    }

    // POSTINGS

    static byte[] postingKey(int field, int segment, int block, byte[] term) {
        return ByteBuffer.allocate(8 + term.length)
                .putShort((short) field)
                .putInt(segment)
                .putShort((short) block)
                .put(term)
                .array();
    }

    /** What the keys of a field's postings in a segment start with. */
    static byte[] postingPrefix(int field, int segment) {
        return ByteBuffer.allocate(6).putShort((short) field).putInt(segment).array();
    }

    /** What the keys of the postings of a field's nulls in a segment start with. */
    static byte[] nullPrefix(int field, int segment) {
        return postingPrefix(NULL_FIELD + field, segment);
    }

    /** Under which the rows are posted whose field is null. */
    static byte[] nullKey(int field, int segment, int block) {
        return postingKey(NULL_FIELD + field, segment, block, NO_TERM);
    }

    /** With which the keys of a field's postings start in a block. */
    static byte[] postingPrefix(int field, int segment, int block) {
        return postingKey(field, segment, block, NO_TERM);
    }

    /** The term in the key of a posting. */
    static byte[] termOf(byte[] postingKey) {
        return Arrays.copyOfRange(postingKey, 8, postingKey.length);
    }

    /** The block in the key of a posting. */
    static int blockOf(byte[] postingKey) {
        return Short.toUnsignedInt(ByteBuffer.wrap(postingKey).getShort(6));
    }

    static byte[] posted() {
        return new byte[] {VERSION, POSTED_LAYOUT};
    }

    static byte posted(byte[] value) {
        return open(value, 2, "the layout of the postings").get();
    }

    static byte[] posting(RoaringBitmap ordinals) {
        byte[] value = new byte[1 + ordinals.serializedSizeInBytes()];
        ordinals.serialize(start(value));
        return value;
    }

    /** The ordinals of a posting, modulo the block; a view of the value. */
    static ImmutableRoaringBitmap posting(byte[] value) {
        ByteBuffer in = open(value, 1, "a posting");
        try {
            return new ImmutableRoaringBitmap(in);
        } catch (IndexOutOfBoundsException | InvalidRoaringFormat e) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "a posting in the store is not a bitmap",
                    ArbalestException.REFILL,
                    e);
        }
    }

    // STATE

    static byte[] applied(long sequenceNumber) {
        byte[] value = new byte[9];
        start(value).putLong(sequenceNumber);
        return value;
    }

    static long applied(byte @Nullable [] value) {
        return value == null ? 0 : open(value, 9, "the applied sequence number").getLong();
    }

    static byte[] counts(long live, long tombstones) {
        byte[] value = new byte[17];
        start(value).putLong(live).putLong(tombstones);
        return value;
    }

    static long liveCount(byte[] value) {
        return open(value, 17, "the counts").getLong();
    }

    static long tombstoneCount(byte[] value) {
        return open(value, 17, "the counts").getLong(9);
    }

    static byte[] horizon(Version version) {
        byte[] value = new byte[21];
        start(value)
                .putInt(version.generation())
                .putLong(version.version())
                .putLong(version.tiebreak());
        return value;
    }

    static Version horizon(byte[] value) {
        ByteBuffer in = open(value, 21, "the horizon");
        return new Version(in.getInt(), in.getLong(), in.getLong());
    }

    // ENDED and TOMBSTONES

    static byte[] ended(long sequenceNumber) {
        byte[] value = new byte[9];
        start(value).putLong(sequenceNumber);
        return value;
    }

    static long ended(byte[] value) {
        return open(value, 9, "the end of a row").getLong();
    }

    static byte[] tombstoneKey(long sequenceNumber) {
        return ByteBuffer.allocate(Long.BYTES).putLong(sequenceNumber).array();
    }

    static long tombstoneSequenceNumber(byte[] key) {
        return ByteBuffer.wrap(key).getLong();
    }

    static byte[] tombstone(long wallMillis, PointKey key) {
        byte[] keyBytes = key.canonicalBytes();
        byte[] value = new byte[TOMBSTONE_HEAD_BYTES + keyBytes.length];
        start(value).putLong(wallMillis).put(keyBytes);
        return value;
    }

    static long tombstoneWallMillis(byte[] value) {
        return open(value, TOMBSTONE_HEAD_BYTES, "a tombstone").getLong();
    }

    static PointKey tombstonePointKey(KeyType keyType, byte[] value) {
        ByteBuffer in = open(value, TOMBSTONE_HEAD_BYTES, "a tombstone");
        byte[] keyBytes = new byte[value.length - TOMBSTONE_HEAD_BYTES];
        in.position(TOMBSTONE_HEAD_BYTES).get(keyBytes);
        return PointKey.ofCanonicalBytes(keyType, keyBytes);
    }

    static byte[] segmentRowsKey(int segment) {
        return ByteBuffer.allocate(ROWS_OF_SEGMENT.length + 4)
                .put(ROWS_OF_SEGMENT)
                .putInt(segment)
                .array();
    }

    static int segmentOfRowsKey(byte[] key) {
        return ByteBuffer.wrap(key).getInt(ROWS_OF_SEGMENT.length);
    }

    static byte[] segmentRows(int rows) {
        byte[] value = new byte[5];
        start(value).putInt(rows);
        return value;
    }

    static int segmentRows(byte[] value) {
        return open(value, 5, "the rows of a segment").getInt();
    }

    static byte[] schema(CollectionDefinition definition) {
        int bytes = 1 + 16 + 1 + 2;
        boolean plain = true;
        List<byte[]> defaults = new ArrayList<>();
        for (Field field : definition.fields()) {
            Object value = field.defaultValue();
            byte[] encoded =
                    value == null
                            ? NO_DEFAULT
                            : MetadataCodec.encode(List.of(field), new Object[] {value});
            defaults.add(encoded);
            bytes += 3 + field.name().length() + (value == null ? 0 : 2 + encoded.length);
            plain &= value == null && field.type() != FieldType.JSON;
        }
        byte[] value = new byte[bytes];
        ByteBuffer out = start(value).order(ByteOrder.BIG_ENDIAN);
        value[0] = plain ? VERSION : SCHEMA_VERSION;
        out.putLong(definition.incarnation().getMostSignificantBits());
        out.putLong(definition.incarnation().getLeastSignificantBits());
        out.order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) (definition.keyType() == KeyType.STRING ? 0 : 1));
        out.putShort((short) definition.fields().size());
        for (int i = 0; i < defaults.size(); i++) {
            Field field = definition.fields().get(i);
            byte[] encoded = defaults.get(i);
            out.put((byte) typeNumber(field.type()));
            out.put(
                    (byte)
                            ((field.indexed() ? INDEXED : 0)
                                    | (encoded.length > 0 ? WITH_DEFAULT : 0)));
            out.put((byte) field.name().length());
            out.put(ascii(field.name()));
            if (encoded.length > 0) {
                out.putShort((short) encoded.length).put(encoded);
            }
        }
        return value;
    }

    /** What a store was made for. */
    record Schema(UUID incarnation, KeyType keyType, List<Field> fields) {}

    static Schema schema(byte[] value) {
        byte version = value.length > 0 && value[0] == SCHEMA_VERSION ? SCHEMA_VERSION : VERSION;
        ByteBuffer in = open(value, version, 20, "the schema");
        in.order(ByteOrder.BIG_ENDIAN);
        UUID incarnation = new UUID(in.getLong(), in.getLong());
        in.order(ByteOrder.LITTLE_ENDIAN);
        KeyType keyType = in.get() == 0 ? KeyType.STRING : KeyType.INT64;
        int count = Short.toUnsignedInt(in.getShort());
        List<Field> fields = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            FieldType type = typeOfNumber(in.get());
            int flags = in.get();
            boolean indexed = (flags & INDEXED) != 0;
            byte[] nameBytes = new byte[Byte.toUnsignedInt(in.get())];
            in.get(nameBytes);
            String name = new String(nameBytes, StandardCharsets.US_ASCII);
            Field field = new Field(name, type, indexed);
            if ((flags & WITH_DEFAULT) != 0) {
                byte[] encoded = new byte[Short.toUnsignedInt(in.getShort())];
                in.get(encoded);
                Object ofField = MetadataCodec.decode(List.of(field), encoded)[0];
                field = new Field(name, type, indexed, ofField);
            }
            fields.add(field);
        }
        return new Schema(incarnation, keyType, fields);
    }

    private static int typeNumber(FieldType type) {
        return switch (type) {
            case STRING -> 0;
            case LONG -> 1;
            case DOUBLE -> 2;
            case BOOLEAN -> 3;
            case TIMESTAMP -> 4;
            case JSON -> 5;
            case STRING_ARRAY -> ARRAY_TYPE;
            case LONG_ARRAY -> ARRAY_TYPE + 1;
            case DOUBLE_ARRAY -> ARRAY_TYPE + 2;
            case BOOLEAN_ARRAY -> ARRAY_TYPE + 3;
            case TIMESTAMP_ARRAY -> ARRAY_TYPE + 4;
        };
    }

    private static FieldType typeOfNumber(int number) {
        for (FieldType type : FieldType.values()) {
            if (typeNumber(type) == number) {
                return type;
            }
        }
        throw new ArbalestException(
                ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                "the store has a field of type " + number + ", which this release does not know",
                "run the release that wrote it, or a later one");
    }
}
