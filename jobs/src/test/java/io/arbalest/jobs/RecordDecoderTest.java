package io.arbalest.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.client.Point;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.jobs.IngestionConfig.Rows;
import io.arbalest.jobs.IngestionConfig.Vectors;
import io.arbalest.jobs.IngestionConfig.VersionFrom;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
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

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.PojoTypeInfo;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

class RecordDecoderTest {
    private static final Path DEMO = Path.of("src/main/demo-data/debian-packages");
    private static final String PACKAGE =
            "{\"name\":\"gnome-chess\",\"version\":\"1:43.1\",\"section\":\"games\",\"installed_kb\":5000,\"tags\":[\"game::board\",\"role::program\"],\"summary\":\"simple"
                + " chess game\",\"text\":\"Plays chess.\"}";

    private static CollectionDefinition collection(KeyType keys, int dimension, Field... fields) {
        return new CollectionDefinition(
                "things",
                new UUID(1, 2),
                keys,
                dimension,
                Metric.IP,
                HnswParams.DEFAULT,
                List.of(fields),
                1,
                1);
    }

    private static RecordDecoder packages() {
        return new RecordDecoder(
                new Rows(
                        null,
                        VersionFrom.TIMESTAMP,
                        "",
                        3,
                        new Vectors("", DEMO.toString(), List.of()),
                        Map.of()),
                collection(
                        KeyType.STRING,
                        192,
                        new Field("version", FieldType.STRING),
                        new Field("section", FieldType.STRING),
                        new Field("installed_kb", FieldType.LONG),
                        new Field("maintainer", FieldType.STRING),
                        new Field("tags", FieldType.STRING_ARRAY, false)));
    }

    private static RecordDecoder vectors(
            KeyType keys, @Nullable String keyField, VersionFrom from, String versionField) {
        return new RecordDecoder(
                new Rows(
                        keyField,
                        from,
                        versionField,
                        0,
                        new Vectors("v", "", List.of()),
                        Map.of("weight", "kg")),
                collection(
                        keys,
                        2,
                        new Field("weight", FieldType.DOUBLE),
                        new Field("seen", FieldType.TIMESTAMP),
                        new Field("marks", FieldType.LONG_ARRAY),
                        new Field("open", FieldType.BOOLEAN)));
    }

    private static KafkaRecord record(@Nullable String key, @Nullable String value) {
        return new KafkaRecord("t", 1, 42, 1_700_000_000_000L, bytes(key), bytes(value));
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aPackageBecomesAPoint() {
        Point point = packages().decode(record("gnome-chess", PACKAGE));
        assertThat(point.key()).isEqualTo(PointKey.of("gnome-chess"));
        assertThat(point.operation()).isEqualTo(OperationKind.UPSERT);
        assertThat(point.version()).isEqualTo(new Version(3, 1_700_000_000_000L, 42));
        assertThat(point.metadata())
                .containsEntry("version", "1:43.1")
                .containsEntry("section", "games")
                .containsEntry("installed_kb", 5000L)
                .containsEntry("tags", List.of("game::board", "role::program"))
                .doesNotContainKeys("maintainer", "name", "summary", "text");
        float[] expected =
                WordVectorEmbedder.shared(DEMO)
                        .embed(
                                "gnome chess simple chess game simple chess game board program"
                                        + " Plays chess.");
        short[] vector = Objects.requireNonNull(point.vector());
        assertThat(vector).hasSize(192);
        for (int i = 0; i < expected.length; i++) {
            assertThat(vector[i]).isEqualTo(Binary16.fromFloat(expected[i]));
        }
    }

    @Test
    void aNullValueDeletes() {
        assertThat(packages().decode(record("gnome-chess", null)))
                .isEqualTo(
                        Point.delete(
                                PointKey.of("gnome-chess"),
                                new Version(3, 1_700_000_000_000L, 42)));
        assertRefused(ErrorCode.KEY_MISSING, packages(), record(null, null));
    }

    @Test
    void refusesWhatIsNoObject() {
        for (String value :
                new String[] {
                    "", "{", "no json", "[1]", "\"text\"", "{} {}", "null", "{\"a\":1}x"
                }) {
            assertRefused(ErrorCode.RECORD_NOT_JSON, packages(), record("k", value));
        }
        KafkaRecord binary =
                new KafkaRecord("t", 0, 0, 0, bytes("k"), new byte[] {(byte) 0xff, 0, 1});
        assertRefused(ErrorCode.RECORD_NOT_JSON, packages(), binary);
    }

    @Test
    void refusesPackagesThatCannotBeEmbedded() {
        assertRefused(ErrorCode.RECORD_FIELD_MISSING, packages(), record("k", "{\"name\":\"x\"}"));
        assertRefused(
                ErrorCode.RECORD_FIELD_MISSING,
                packages(),
                record("k", "{\"name\":null,\"summary\":\"chess\"}"));
        assertRefused(
                ErrorCode.RECORD_FIELD_TYPE,
                packages(),
                record("k", "{\"name\":1,\"summary\":\"chess\"}"));
        assertRefused(
                ErrorCode.NO_KNOWN_WORD,
                packages(),
                record("k", "{\"name\":\"zzqq\",\"summary\":\"qqzz 123\"}"));
    }

    @Test
    void refusesMistypedFields() {
        String head = "{\"name\":\"chess\",\"summary\":\"chess\",";
        for (String field :
                new String[] {
                    "\"installed_kb\":\"5000\"",
                    "\"installed_kb\":1.5",
                    "\"installed_kb\":99999999999999999999",
                    "\"section\":7",
                    "\"tags\":\"game\"",
                    "\"tags\":[null]",
                    "\"tags\":[1]"
                }) {
            assertRefused(ErrorCode.RECORD_FIELD_TYPE, packages(), record("k", head + field + "}"));
        }
        assertThat(
                        packages()
                                .decode(record("k", head + "\"tags\":[],\"section\":null}"))
                                .metadata())
                .containsOnlyKeys("tags");
    }

    @Test
    void refusesKeys() {
        assertRefused(ErrorCode.KEY_MISSING, packages(), record(null, PACKAGE));
        assertRefused(ErrorCode.KEY_MISSING, packages(), record("", PACKAGE));
        assertRefused(ErrorCode.KEY_TOO_LONG, packages(), record("k".repeat(513), PACKAGE));
        KafkaRecord binary =
                new KafkaRecord("t", 0, 0, 0, new byte[] {(byte) 0xc3}, bytes(PACKAGE));
        assertRefused(ErrorCode.KEY_TYPE_MISMATCH, packages(), binary);
        RecordDecoder numbers = vectors(KeyType.INT64, null, VersionFrom.OFFSET, "");
        assertRefused(ErrorCode.KEY_TYPE_MISMATCH, numbers, record("seven", "{\"v\":[1,2]}"));
        assertThat(numbers.decode(record("-7", "{\"v\":[1,2]}")).key()).isEqualTo(PointKey.of(-7));
    }

    @Test
    void vectorsKeysAndVersionsFromFields() {
        RecordDecoder decoder = vectors(KeyType.INT64, "id", VersionFrom.FIELD, "rev");
        Point point =
                decoder.decode(
                        record(
                                "ignored",
                                "{\"id\":7,\"rev\":-9,\"v\":[1,-0.5],\"kg\":3,\"seen\":\"2026-11-23T08:00:00+01:00\","
                                    + "\"marks\":[1,2],\"open\":true}"));
        assertThat(point.key()).isEqualTo(PointKey.of(7));
        assertThat(point.version()).isEqualTo(new Version(0, -9, 42));
        assertThat(point.vector())
                .containsExactly(Binary16.fromFloat(1), Binary16.fromFloat(-0.5f));
        assertThat(point.metadata())
                .isEqualTo(
                        Map.of(
                                "weight",
                                3.0,
                                "seen",
                                Instant.parse("2026-11-23T07:00:00Z"),
                                "marks",
                                List.of(1L, 2L),
                                "open",
                                true));
        assertRefused(
                ErrorCode.RECORD_FIELD_MISSING, decoder, record("7", "{\"id\":7,\"v\":[1,2]}"));
        assertRefused(ErrorCode.RECORD_FIELD_MISSING, decoder, record("7", null));
        assertRefused(
                ErrorCode.RECORD_FIELD_TYPE,
                decoder,
                record("7", "{\"id\":7,\"rev\":\"1\",\"v\":[1,2]}"));
        assertRefused(
                ErrorCode.RECORD_FIELD_MISSING, decoder, record("7", "{\"rev\":1,\"v\":[1,2]}"));
        assertRefused(
                ErrorCode.RECORD_FIELD_TYPE,
                decoder,
                record("7", "{\"id\":[],\"rev\":1,\"v\":[1,2]}"));
    }

    @Test
    void refusesVectors() {
        RecordDecoder decoder = vectors(KeyType.STRING, null, VersionFrom.OFFSET, "");
        assertRefused(ErrorCode.RECORD_FIELD_MISSING, decoder, record("k", "{}"));
        assertRefused(ErrorCode.RECORD_FIELD_TYPE, decoder, record("k", "{\"v\":\"1,2\"}"));
        assertRefused(ErrorCode.RECORD_FIELD_TYPE, decoder, record("k", "{\"v\":[1,\"2\"]}"));
        assertRefused(ErrorCode.DIMENSION_MISMATCH, decoder, record("k", "{\"v\":[1,2,3]}"));
        assertRefused(ErrorCode.VECTOR_OUT_OF_RANGE, decoder, record("k", "{\"v\":[1,70000]}"));
        assertRefused(ErrorCode.VECTOR_OUT_OF_RANGE, decoder, record("k", "{\"v\":[1,1e300]}"));
        assertRefused(ErrorCode.RECORD_NOT_JSON, decoder, record("k", "{\"v\":[1,NaN]}"));
        assertRefused(
                ErrorCode.RECORD_FIELD_TYPE,
                decoder,
                record("k", "{\"v\":[1,2],\"seen\":\"yesterday\"}"));
    }

    @Test
    void aConfigurationThatDoesNotFitTheCollectionIsRefused() {
        Rows mapped =
                new Rows(
                        null,
                        VersionFrom.OFFSET,
                        "",
                        0,
                        new Vectors("v", "", List.of()),
                        Map.of("wieght", "kg"));
        CollectionDefinition collection =
                collection(KeyType.STRING, 2, new Field("weight", FieldType.DOUBLE));
        assertThatThrownBy(() -> new RecordDecoder(mapped, collection))
                .hasMessageContaining("did you mean weight?")
                .hasMessageStartingWith("ARB-4001");
        Rows embedding =
                new Rows(
                        null,
                        VersionFrom.OFFSET,
                        "",
                        0,
                        new Vectors("", DEMO.toString(), List.of()),
                        Map.of());
        assertThatThrownBy(() -> new RecordDecoder(embedding, collection))
                .hasMessageContaining("192")
                .hasMessageStartingWith("ARB-4001");
    }

    @Test
    void textFieldsAreJoined() {
        Vectors vectors = new Vectors("", DEMO.toString(), List.of("title", "body"));
        RecordDecoder decoder =
                new RecordDecoder(
                        new Rows(null, VersionFrom.OFFSET, "", 0, vectors, Map.of()),
                        collection(KeyType.STRING, 192));
        short[] joined =
                decoder.decode(record("k", "{\"title\":\"chess\",\"body\":\"game\"}")).vector();
        short[] one = decoder.decode(record("k", "{\"title\":\"chess game\"}")).vector();
        assertThat(joined).isEqualTo(one);
        assertRefused(ErrorCode.NO_KNOWN_WORD, decoder, record("k", "{}"));
    }

    @Test
    void aKafkaRecordNeedsNoKryo() {
        assertThat(TypeInformation.of(KafkaRecord.class)).isInstanceOf(PojoTypeInfo.class);
    }

    private static void assertRefused(ErrorCode code, RecordDecoder decoder, KafkaRecord record) {
        assertThatThrownBy(() -> decoder.decode(record))
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
