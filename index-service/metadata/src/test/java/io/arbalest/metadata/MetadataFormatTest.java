package io.arbalest.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.metadata.ShardMetadata.Row;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

class MetadataFormatTest {
    private static final List<Field> FIELDS =
            List.of(
                    new Field("section", FieldType.STRING),
                    new Field("tags", FieldType.STRING_ARRAY, false));
    private static final CollectionDefinition DEFINITION = ShardMetadataTest.definition(FIELDS);
    private static final Location ROW =
            Location.ofRow(new Version(1, 1_700_000_000_000L, 42), 7, 3, 65_537, 0x01020304);
    private static final Location TOMBSTONE = Location.ofTombstone(new Version(-1, -2, -3), 8);

    /** As releases wrote it that kept no checksum. */
    private static final String OLD_LOCATION =
            "0100010000000068e5cf8b0100002a000000000000000700000000000000" + "0300000001000100";

    /** Every kind of key and value, with fixed content. */
    static Map<String, byte[]> samples() {
        Map<String, byte[]> samples = new LinkedHashMap<>();
        PointKey key = PointKey.of("net-tools");
        samples.put("location of a row", MetadataFormat.location(ROW));
        samples.put("location of a tombstone", MetadataFormat.location(TOMBSTONE));
        samples.put("row key", MetadataFormat.rowKey(3, 65_537));
        byte[] metadata = MetadataCodec.encode(FIELDS, new Object[] {"net", List.of("a", "b")});
        samples.put("row", MetadataFormat.row(key, ROW, metadata));
        samples.put(
                "posting key", MetadataFormat.postingKey(258, 3, 1, term(FIELDS.get(0), "net")));
        samples.put("key of a posting of nulls", MetadataFormat.nullKey(258, 3, 1));
        samples.put("layout of the postings", MetadataFormat.posted());
        samples.put("posting", MetadataFormat.posting(RoaringBitmap.bitmapOf(0, 1, 5, 65_535)));
        samples.put("applied", MetadataFormat.applied(7));
        samples.put("counts", MetadataFormat.counts(5, 2));
        samples.put("rows of a segment key", MetadataFormat.segmentRowsKey(3));
        samples.put("rows of a segment", MetadataFormat.segmentRows(65_538));
        samples.put("schema", MetadataFormat.schema(DEFINITION));
        samples.put("term of a long text", term(FIELDS.get(0), "x".repeat(257)));
        samples.put("term of -1", term(new Field("f", FieldType.LONG), -1L));
        samples.put("term of -1.5", term(new Field("f", FieldType.DOUBLE), -1.5));
        samples.put("term of true", term(new Field("f", FieldType.BOOLEAN), true));
        samples.put(
                "term of a timestamp",
                term(new Field("f", FieldType.TIMESTAMP), Instant.ofEpochSecond(1)));
        samples.put("horizon", MetadataFormat.horizon(ROW.version()));
        samples.put("end of a row", MetadataFormat.ended(9));
        samples.put("tombstone key", MetadataFormat.tombstoneKey(8));
        samples.put("tombstone", MetadataFormat.tombstone(1_700_000_000_000L, key));
        return samples;
    }

    private static byte[] term(Field field, Object value) {
        byte[] term = Terms.ofValue(field, value);
        if (term == null) {
            throw new AssertionError("no term of " + value);
        }
        return term;
    }

    @Test
    void writesTheGoldenBytes() {
        assertThat(print(samples())).isEqualTo(print(Golden.all("shard-metadata-v1.txt")));
    }

    private static String print(Map<String, byte[]> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEach((name, bytes) ->
                text.append(name + " = " + HexFormat.of().formatHex(bytes) + "\n"));
        return text.toString();
    }

    @Test
    void readsTheGoldenBytes() {
        Map<String, byte[]> golden = new HashMap<>(Golden.all("shard-metadata-v1.txt"));
        assertThat(MetadataFormat.location(take(golden, "location of a row"))).isEqualTo(ROW);
        assertThat(MetadataFormat.location(take(golden, "location of a tombstone")))
                .isEqualTo(TOMBSTONE);
        Row row = MetadataFormat.row(KeyType.STRING, FIELDS, take(golden, "row"), null);
        assertThat(row.key()).isEqualTo(PointKey.of("net-tools"));
        assertThat(row.version()).isEqualTo(ROW.version());
        assertThat(row.sequenceNumber()).isEqualTo(7);
        assertThat(row.values()).containsExactly("net", List.of("a", "b"));
        assertThat(MetadataFormat.posting(take(golden, "posting")).toArray())
                .containsExactly(0, 1, 5, 65_535);
        assertThat(MetadataFormat.applied(take(golden, "applied"))).isEqualTo(7);
        assertThat(MetadataFormat.liveCount(take(golden, "counts"))).isEqualTo(5);
        assertThat(MetadataFormat.tombstoneCount(take(golden, "counts"))).isEqualTo(2);
        assertThat(MetadataFormat.segmentOfRowsKey(take(golden, "rows of a segment key")))
                .isEqualTo(3);
        assertThat(MetadataFormat.segmentRows(take(golden, "rows of a segment"))).isEqualTo(65_538);
        assertThat(MetadataFormat.schema(take(golden, "schema")))
                .isEqualTo(
                        new MetadataFormat.Schema(
                                DEFINITION.incarnation(), KeyType.STRING, FIELDS));
    }

    @Test
    void writesTheGoldenBytesOfFieldsWithDefaultsAndReadsThem() {
        List<Field> fields =
                List.of(
                        FIELDS.getFirst(),
                        new Field("size", FieldType.LONG, true, 7L),
                        new Field("extra", FieldType.JSON, false));
        byte[] golden = Golden.bytes("shard-metadata-v2.txt", "schema");
        assertThat(MetadataFormat.schema(ShardMetadataTest.definition(fields))).isEqualTo(golden);
        assertThat(MetadataFormat.schema(golden))
                .isEqualTo(
                        new MetadataFormat.Schema(
                                DEFINITION.incarnation(), KeyType.STRING, fields));
    }

    @Test
    void readsTheGoldenBytesOfWhatCameLater() {
        Map<String, byte[]> golden = new HashMap<>(Golden.all("shard-metadata-v1.txt"));
        assertThat(MetadataFormat.horizon(take(golden, "horizon"))).isEqualTo(ROW.version());
        assertThat(MetadataFormat.ended(take(golden, "end of a row"))).isEqualTo(9);
        assertThat(MetadataFormat.tombstoneSequenceNumber(take(golden, "tombstone key")))
                .isEqualTo(8);
        assertThat(MetadataFormat.tombstoneWallMillis(take(golden, "tombstone")))
                .isEqualTo(1_700_000_000_000L);
        assertThat(MetadataFormat.tombstonePointKey(KeyType.STRING, take(golden, "tombstone")))
                .isEqualTo(PointKey.of("net-tools"));
    }

    @Test
    void readsALocationOfTheFirstVersion() {
        byte[] old = HexFormat.of().parseHex(OLD_LOCATION);
        assertThat(MetadataFormat.location(old))
                .isEqualTo(Location.ofRow(ROW.version(), 7, 3, 65_537));
    }

    private static byte[] take(Map<String, byte[]> golden, String name) {
        byte[] found = golden.get(name);
        if (found == null) {
            throw new AssertionError("no line '" + name + "'");
        }
        return found;
    }

    @Test
    void refusesDamagedAndNewerValues() {
        byte[] location = MetadataFormat.location(ROW);
        assertCode(
                ErrorCode.STORE_FAILED, () -> MetadataFormat.location(Arrays.copyOf(location, 37)));
        byte[] newer = location.clone();
        newer[0] = 3;
        assertCode(ErrorCode.UNSUPPORTED_FORMAT_VERSION, () -> MetadataFormat.location(newer));
        assertCode(
                ErrorCode.STORE_FAILED,
                () -> MetadataFormat.posting(new byte[] {1, 1, 2, 3, 4, 5, 6, 7, 8}));
        assertCode(ErrorCode.STORE_FAILED, () -> MetadataFormat.posting(new byte[] {1}));
    }

    private static void assertCode(ErrorCode code, Runnable refused) {
        assertThatThrownBy(refused::run)
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    @Test
    void termsSortLikeTheirValues() {
        long seed = KeyValueStoreContract.seed();
        Random random = new Random(seed);
        Field longs = new Field("f", FieldType.LONG);
        Field doubles = new Field("f", FieldType.DOUBLE);
        for (int round = 0; round < 10_000; round++) {
            long a = random.nextLong() >> random.nextInt(64);
            long b = random.nextLong() >> random.nextInt(64);
            assertThat(Integer.signum(Arrays.compareUnsigned(term(longs, a), term(longs, b))))
                    .as("seed %d: %d %d", seed, a, b)
                    .isEqualTo(Long.compare(a, b));
            double x =
                    random.nextInt(9) == 0 ? Double.NEGATIVE_INFINITY : random.nextGaussian() * a;
            double y = random.nextInt(9) == 0 ? 0.0 : random.nextGaussian() * b;
            int order = x == y ? 0 : Double.compare(x, y);
            assertThat(Integer.signum(Arrays.compareUnsigned(term(doubles, x), term(doubles, y))))
                    .as("seed %d: %s %s", seed, x, y)
                    .isEqualTo(order);
        }
    }
}
