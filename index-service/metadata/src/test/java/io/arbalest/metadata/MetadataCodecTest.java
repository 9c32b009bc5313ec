package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;

class MetadataCodecTest {
    static final List<Field> FIELDS = everyType();

    /** One value of every type, two nulls. */
    static final @Nullable Object[] VALUES = {
        "Łódź",
        -2L,
        1.5,
        true,
        Instant.parse("1969-12-31T23:59:59.999999Z"),
        List.of("a", ""),
        List.of(Long.MIN_VALUE),
        null,
        List.of(true, false),
        List.of(Instant.EPOCH),
        null
    };

    private static List<Field> everyType() {
        List<Field> fields = new ArrayList<>();
        for (FieldType type : FieldType.values()) {
            if (type != FieldType.JSON) { // came after the golden bytes
                fields.add(new Field("f" + fields.size(), type));
            }
        }
        fields.add(new Field("last", FieldType.STRING, false));
        return List.copyOf(fields);
    }

    @Test
    void writesTheGoldenBytesAndReadsThem() {
        byte[] golden = Golden.bytes("row-metadata-v1.txt", "every type");
        assertThat(MetadataCodec.encode(FIELDS, VALUES)).isEqualTo(golden);
        assertThat(MetadataCodec.decode(FIELDS, golden)).isEqualTo(VALUES);
    }

    @Test
    void aPatchSaysWhatBecomesNullAndWhatStays() {
        List<Field> fields =
                List.of(
                        new Field("a", FieldType.STRING),
                        new Field("b", FieldType.LONG),
                        new Field("j", FieldType.JSON));
        @Nullable Object[] patch = {ExplicitNull.NULL, null, "{}"};
        byte[] golden = Golden.bytes("row-metadata-v2.txt", "patch that sets a to null");
        assertThat(MetadataCodec.encodePatch(fields, patch)).isEqualTo(golden);
        assertThat(MetadataCodec.decodePatch(fields, golden)).isEqualTo(patch);
        assertThatThrownBy(() -> MetadataCodec.decode(fields, golden))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_FORMAT_VERSION));
        for (int length = 0; length < golden.length; length++) {
            byte[] cut = Arrays.copyOf(golden, length);
            assertThatThrownBy(() -> MetadataCodec.decodePatch(fields, cut))
                    .isInstanceOf(ArbalestException.class);
        }
        @Nullable Object[] plain = {null, 7L, null};
        byte[] plainBytes = MetadataCodec.encodePatch(fields, plain);
        assertThat(plainBytes[0]).isEqualTo((byte) MetadataCodec.FORMAT_VERSION);
        assertThat(MetadataCodec.decodePatch(fields, plainBytes)).isEqualTo(plain);
    }

    @Test
    void aRowOfFewerFieldsHasTheDefaultsOfTheOthersAndAPatchLeavesThem() {
        List<Field> before = List.of(new Field("a", FieldType.STRING));
        List<Field> after =
                List.of(
                        before.getFirst(),
                        new Field("b", FieldType.LONG, true, 7L),
                        new Field("c", FieldType.STRING_ARRAY));
        byte[] row = MetadataCodec.encode(before, new Object[] {"x"});
        assertThat(MetadataCodec.decode(after, row)).isEqualTo(new Object[] {"x", 7L, null});
        BitSet second = new BitSet();
        second.set(1);
        assertThat(MetadataCodec.decode(after, row, 0, second))
                .isEqualTo(new Object[] {null, 7L, null});
        byte[] patch = MetadataCodec.encodePatch(before, new Object[] {"y"});
        assertThat(MetadataCodec.decodePatch(after, patch))
                .isEqualTo(new Object[] {"y", null, null});
        @Nullable Object[] given = {null, ExplicitNull.NULL};
        assertThat(MetadataCodec.resolve(after, given)).isEqualTo(new Object[] {null, null, null});
        assertThat(MetadataCodec.resolve(after, new Object[0]))
                .isEqualTo(new Object[] {null, 7L, null});
        assertThat(given).isEqualTo(new Object[] {null, ExplicitNull.NULL});
    }

    @Test
    void returnsWhatWasEncoded() {
        long seed = KeyValueStoreContract.seed();
        Random random = new Random(seed);
        List<FieldType> types = List.of(FieldType.values());
        for (int round = 0; round < 2_000; round++) {
            List<Field> fields = new ArrayList<>();
            for (int i = random.nextInt(20); i > 0; i--) {
                fields.add(new Field("f" + i, types.get(random.nextInt(types.size()))));
            }
            @Nullable Object[] values = new @Nullable Object[fields.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(5) == 0 ? null : value(fields.get(i).type(), random);
            }
            byte[] encoded = MetadataCodec.encode(fields, values);
            assertThat(MetadataCodec.decode(fields, encoded)).as("seed %d", seed).isEqualTo(values);
        }
    }

    private static Object value(FieldType type, Random random) {
        return switch (type) {
            case STRING, JSON ->
                    random.ints(random.nextInt(200), 0x20, 0xd800)
                            .collect(
                                    StringBuilder::new,
                                    StringBuilder::appendCodePoint,
                                    StringBuilder::append)
                            .toString();
            case LONG -> random.nextLong();
            case DOUBLE -> Double.longBitsToDouble(random.nextLong());
            case BOOLEAN -> random.nextBoolean();
            case TIMESTAMP ->
                    Instant.ofEpochSecond(random.nextInt(), 1_000L * random.nextInt(1_000_000));
            case STRING_ARRAY -> list(FieldType.STRING, random);
            case LONG_ARRAY -> list(FieldType.LONG, random);
            case DOUBLE_ARRAY -> list(FieldType.DOUBLE, random);
            case BOOLEAN_ARRAY -> list(FieldType.BOOLEAN, random);
            case TIMESTAMP_ARRAY -> list(FieldType.TIMESTAMP, random);
        };
    }

    private static List<Object> list(FieldType element, Random random) {
        List<Object> values = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            values.add(value(element, random));
        }
        return values;
    }

    @Test
    void roundsTimestampsDownToMicroseconds() {
        List<Field> fields = List.of(new Field("t", FieldType.TIMESTAMP));
        Instant before = Instant.ofEpochSecond(-1, 999_999_999);
        @Nullable Object[] decoded =
                MetadataCodec.decode(fields, MetadataCodec.encode(fields, new Object[] {before}));
        assertThat(decoded).containsExactly(Instant.ofEpochSecond(-1, 999_999_000));
    }

    @Test
    void givesNullForFieldsAddedLater() {
        byte[] before = MetadataCodec.encode(FIELDS.subList(0, 1), new Object[] {"x"});
        @Nullable Object[] values = MetadataCodec.decode(FIELDS, before);
        assertThat(values[0]).isEqualTo("x");
        assertThat(Arrays.asList(values).subList(1, values.length)).containsOnlyNulls();
    }

    @Test
    void refusesValuesThatDoNotFitTheirField() {
        assertRefused(
                FieldType.LONG, "7", ErrorCode.VALUE_TYPE_MISMATCH, "'f' is LONG, got String '7'");
        assertRefused(FieldType.STRING, 7L, ErrorCode.VALUE_TYPE_MISMATCH, "'f' is STRING");
        assertRefused(FieldType.LONG_ARRAY, 7L, ErrorCode.VALUE_TYPE_MISMATCH, "LONG_ARRAY");
        assertRefused(
                FieldType.LONG_ARRAY,
                Collections.singletonList(null),
                ErrorCode.VALUE_TYPE_MISMATCH,
                "null inside the array");
        assertRefused(FieldType.TIMESTAMP, Instant.MAX, ErrorCode.LIMIT_EXCEEDED, "microseconds");
        assertRefused(
                FieldType.STRING,
                "x".repeat(MetadataCodec.MAX_BYTES),
                ErrorCode.LIMIT_EXCEEDED,
                "bytes");
        assertRefused(
                FieldType.LONG_ARRAY,
                Collections.nCopies(MetadataCodec.MAX_ARRAY_LENGTH + 1, 1L),
                ErrorCode.LIMIT_EXCEEDED,
                "elements");
        assertThatThrownBy(() -> MetadataCodec.encode(FIELDS, new Object[] {"x"}))
                .hasMessageContaining("1 metadata values");
    }

    private static void assertRefused(FieldType type, Object value, ErrorCode code, String saying) {
        assertThatThrownBy(() ->
                        MetadataCodec.encode(List.of(new Field("f", type)), new Object[] {value}))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(saying);
    }

    @Test
    void refusesDamagedBytesWithACode() {
        byte[] whole = MetadataCodec.encode(FIELDS, VALUES);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> MetadataCodec.decode(FIELDS, cut))
                    .isInstanceOf(ArbalestException.class);
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThatThrownBy(() -> MetadataCodec.decode(FIELDS, longer))
                .isInstanceOf(ArbalestException.class);
        byte[] newer = whole.clone();
        newer[0] = 2;
        assertThatThrownBy(() -> MetadataCodec.decode(FIELDS, newer))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_FORMAT_VERSION));
        Random random = new Random(1);
        for (int round = 0; round < 5_000; round++) {
            byte[] flipped = whole.clone();
            flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                MetadataCodec.decode(FIELDS, flipped);
            } catch (ArbalestException e) {
                assertThat(e.code())
                        .isIn(ErrorCode.STORE_FAILED, ErrorCode.UNSUPPORTED_FORMAT_VERSION);
            }
        }
    }
}
