package io.arbalest.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;

class VocabularyTest {
    @Test
    void versionsCompareByGenerationThenVersionThenTiebreak() {
        List<Version> ascending =
                List.of(
                        new Version(-1, 9, 9),
                        new Version(0, Long.MIN_VALUE, 9),
                        new Version(0, 1, -1),
                        new Version(0, 1, 0),
                        new Version(0, 1, 1),
                        new Version(0, 2, 0),
                        new Version(1, 0, 0));
        for (int low = 0; low < ascending.size(); low++) {
            for (int high = 0; high < ascending.size(); high++) {
                assertThat(Integer.signum(ascending.get(low).compareTo(ascending.get(high))))
                        .isEqualTo(Integer.compare(low, high));
            }
        }
        assertThat(new Version(1, 2, 3)).hasToString("1/2/3");
    }

    @Test
    void keysCompareByUnsignedCanonicalBytes() {
        List<PointKey> texts =
                Stream.of("a", "ab", "b", "z", "ä", "日", "😀").map(PointKey::of).toList();
        assertThat(texts).isSorted();
        assertThat(PointKey.of(1).canonicalBytes()).containsExactly(0, 0, 0, 0, 0, 0, 0, 1);
        assertThat(PointKey.of(-1))
                .isGreaterThan(PointKey.of(Long.MAX_VALUE)); // as bytes, not as numbers
        assertThat(PointKey.of(-5).asLong()).isEqualTo(-5);
        assertThat(PointKey.of(-5)).hasToString("-5").isNotEqualTo(PointKey.of("-5"));
        assertThat(PointKey.of("x"))
                .isEqualTo(PointKey.of("x"))
                .hasSameHashCodeAs(PointKey.of("x"));
    }

    @Test
    void keysHaveOneToFiveHundredTwelveBytes() {
        assertThat(PointKey.of("x".repeat(512)).canonicalBytes()).hasSize(512);
        refused(ErrorCode.KEY_MISSING, () -> PointKey.of(""));
        refused(ErrorCode.KEY_TOO_LONG, () -> PointKey.of("ä".repeat(257)));
        refused(
                ErrorCode.KEY_TYPE_MISMATCH,
                () -> PointKey.ofCanonicalBytes(KeyType.INT64, new byte[7]));
    }

    @Test
    void everyHashHasTheShardWhoseRangeHoldsIt() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int count : new int[] {1, 2, 3, 7, 64, 1000}) {
            ClusterImage.Collection collection = collection(count);
            for (int round = 0; round < 2000; round++) {
                long hash = random.nextLong();
                assertThat(collection.shardOf(hash).range().contains(hash))
                        .as("seed %d", seed)
                        .isTrue();
            }
            for (ShardAssignment shard : collection.shards()) {
                assertThat(collection.shardOf(shard.range().first())).isEqualTo(shard);
                assertThat(collection.shardOf(shard.range().last())).isEqualTo(shard);
            }
        }
    }

    private static ClusterImage.Collection collection(int shards) {
        UUID incarnation = new UUID(1, 1);
        CollectionDefinition definition =
                new CollectionDefinition(
                        "c",
                        incarnation,
                        KeyType.STRING,
                        4,
                        Metric.IP,
                        HnswParams.DEFAULT,
                        List.of(),
                        shards,
                        1);
        return new ClusterImage.Collection(
                definition,
                IntStream.range(0, shards)
                        .mapToObj(n ->
                                new ShardAssignment(
                                        new ShardId(incarnation, shards - 1 - n),
                                        HashRange.ofEqualParts(shards - 1 - n, shards),
                                        1,
                                        1,
                                        "n",
                                        List.of("n"),
                                        List.of()))
                        .toList());
    }

    @Test
    void anUnknownCollectionIsNamedWithThoseThatExist() {
        ClusterImage image = new ClusterImage(1, Map.of(), Map.of("c", collection(1)));
        assertThatThrownBy(() -> image.requireCollection("d"))
                .hasMessageStartingWith("ARB-1301 ")
                .hasMessageContaining("[c]");
    }

    @Test
    void errorCodesAreUniqueAndFoundByNumber() {
        assertThat(Arrays.stream(ErrorCode.values()).map(ErrorCode::number))
                .doesNotHaveDuplicates();
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(ErrorCode.ofNumber(code.number())).isEqualTo(code);
            assertThat(code.label()).matches("ARB-\\d{4}");
        }
        assertThat(ErrorCode.ofNumber(1)).isEqualTo(ErrorCode.INTERNAL);
    }

    @Test
    void anErrorIsOneLine() {
        ArbalestException error =
                new ArbalestException(ErrorCode.INTERNAL, "first\n  second", "do\r\nthis");
        assertThat(error).hasMessage("ARB-9001 first second. Fix: do this");
    }

    @Test
    void definitionsAreChecked() {
        refused(ErrorCode.INVALID_DEFINITION, () -> definition("Upper", 4, 1));
        refused(ErrorCode.INVALID_DEFINITION, () -> definition("c", 0, 1));
        refused(ErrorCode.INVALID_DEFINITION, () -> definition("c", 4, 0));
        refused(
                ErrorCode.INVALID_DEFINITION,
                () ->
                        definition(
                                "c",
                                4,
                                1,
                                new Field("a", FieldType.LONG),
                                new Field("a", FieldType.LONG)));
        refused(ErrorCode.INVALID_DEFINITION, () -> new Field("score", FieldType.DOUBLE));
        refused(ErrorCode.INVALID_DEFINITION, () -> new Field("_x", FieldType.DOUBLE));
        refused(ErrorCode.INVALID_DEFINITION, () -> new HnswParams(1, 100, 100));
    }

    private static CollectionDefinition definition(
            String name, int dimension, int shards, Field... fields) {
        return new CollectionDefinition(
                name,
                new UUID(0, 0),
                KeyType.STRING,
                dimension,
                Metric.IP,
                HnswParams.DEFAULT,
                List.of(fields),
                shards,
                1);
    }

    @Test
    void operationsAndTypesKeepTheirWireValues() {
        for (OperationKind kind : OperationKind.values()) {
            assertThat(OperationKind.ofWireValue(kind.wireValue())).isEqualTo(kind);
        }
        assertThat(OperationKind.DELETE.wireValue()).isEqualTo((byte) 1);
        refused(ErrorCode.UNKNOWN_OPERATION, () -> OperationKind.ofWireValue((byte) 9));
        assertThat(FieldType.TIMESTAMP_ARRAY.accepts(List.of(Instant.EPOCH))).isTrue();
        assertThat(FieldType.LONG_ARRAY.accepts(List.of(1))).isFalse();
        assertThat(FieldType.DOUBLE.accepts(1L)).isFalse();
    }

    private static void refused(
            ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ArbalestException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
