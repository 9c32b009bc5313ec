package io.arbalest.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.Reply;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

class MetadataStateTest {
    private final MetadataState state = new MetadataState();

    private Reply create(
            long index, String name, long incarnation, int shards, boolean ifNotExists) {
        return Samples.apply(
                state,
                index,
                MetadataMessages.createCollection(
                        Samples.collection(name, incarnation, shards),
                        ifNotExists,
                        Samples.MEMBERS));
    }

    private static void assertDone(Reply reply, long imageIndex) {
        assertThat(reply.getError()).as(reply.getDetail()).isZero();
        assertThat(reply.getImageIndex()).isEqualTo(imageIndex);
    }

    private static void assertRefused(Reply reply, ErrorCode code) {
        assertThat(ErrorCode.ofNumber(reply.getError())).isEqualTo(code);
        assertThat(reply.getDetail()).isNotEmpty();
    }

    @Test
    void assignsEqualRangesToTheMembersInTurn() {
        assertDone(create(5, "packages", 1, 4, false), 5);
        ClusterImage.Collection created = state.image().requireCollection("packages");
        assertThat(created.definition()).isEqualTo(Samples.collection("packages", 1, 4));
        assertThat(created.shards())
                .extracting(ShardAssignment::primary)
                .containsExactly("node-0", "node-1", "node-2", "node-0");
        for (int i = 0; i < 4; i++) {
            ShardAssignment shard = created.shards().get(i);
            assertThat(shard.range()).isEqualTo(HashRange.ofEqualParts(i, 4));
            assertThat(shard.shard().number()).isEqualTo(i);
            assertThat(shard.shard().incarnation()).isEqualTo(created.definition().incarnation());
            assertThat(shard.inSync()).containsExactly(shard.primary());
            assertThat(shard.term()).isEqualTo(1);
            assertThat(shard.configurationNumber()).isEqualTo(1);
        }
        assertDone(create(6, "other", 2, 1, false), 6);
        assertThat(state.image().requireCollection("other").shards().getFirst().primary())
                .isEqualTo("node-1");
    }

    @Test
    void keepsTheCodesThatACollectionAsksFor() {
        IndexCodes codes = new IndexCodes(IndexCodes.Kind.SIGNS, IndexCodes.Layout.FAST);
        CollectionDefinition plain = Samples.collection("packages", 1, 1);
        CollectionDefinition asking =
                new CollectionDefinition(
                        plain.name(),
                        plain.incarnation(),
                        plain.keyType(),
                        plain.dimension(),
                        plain.metric(),
                        new HnswParams(8, 40, 20, codes),
                        plain.fields(),
                        plain.shardCount(),
                        plain.replicationFactor());
        assertDone(
                Samples.apply(
                        state,
                        3,
                        MetadataMessages.createCollection(asking, false, Samples.MEMBERS)),
                3);
        ClusterImage image = state.image();
        assertThat(image.requireCollection("packages").definition()).isEqualTo(asking);
        assertThat(MetadataMessages.fromSnapshot(MetadataMessages.toSnapshot(image)))
                .isEqualTo(image);
    }

    @Test
    void keepsTheFirstOfTwoCollectionsOfOneName() {
        create(1, "packages", 1, 3, false);
        assertRefused(create(2, "packages", 2, 3, false), ErrorCode.COLLECTION_EXISTS);
        assertDone(create(3, "packages", 3, 1, true), 1);
        assertDone(create(4, "packages", 1, 3, false), 1);
        ClusterImage image = state.image();
        assertThat(image.index()).isEqualTo(1);
        assertThat(image.requireCollection("packages").definition().incarnation())
                .isEqualTo(new UUID(9, 1));
    }

    /** One field for each way to have a default. */
    private static List<Field> added() {
        return List.of(
                new Field("g0", FieldType.JSON),
                new Field("g1", FieldType.STRING, true, "ü"),
                new Field("g2", FieldType.LONG, false, -7L),
                new Field("g3", FieldType.DOUBLE, true, 0.5),
                new Field("g4", FieldType.BOOLEAN, true, false),
                new Field("g5", FieldType.TIMESTAMP, true, Instant.ofEpochSecond(-1, 5_000)),
                new Field("g6", FieldType.STRING_ARRAY, true, List.of("a", "")),
                new Field("g7", FieldType.LONG_ARRAY, true, List.of()));
    }

    private Reply add(long index, long incarnation, Field field) {
        return Samples.apply(
                state,
                index,
                MetadataMessages.addField("packages", new UUID(9, incarnation), field));
    }

    @Test
    void addsFieldsAtTheEndOnce() {
        create(1, "packages", 1, 3, false);
        CollectionDefinition before = state.image().requireCollection("packages").definition();
        long index = 1;
        for (Field field : added()) {
            index++;
            assertDone(add(index, 1, field), index);
            assertDone(add(100 + index, 1, field), index); // the reply was lost
        }
        ClusterImage.Collection grown = state.image().requireCollection("packages");
        assertThat(grown.definition().extendsFieldsOf(before)).isTrue();
        assertThat(grown.definition().fields()).endsWith(added().toArray(new Field[0]));
        assertThat(grown.shards()).hasSize(3);
        assertRefused(add(300, 1, new Field("g1", FieldType.STRING)), ErrorCode.FIELD_EXISTS);
        assertRefused(add(301, 1, new Field("g2", FieldType.DOUBLE)), ErrorCode.FIELD_EXISTS);
        assertRefused(add(302, 2, new Field("g9", FieldType.LONG)), ErrorCode.STALE_INCARNATION);
        MetadataState restored = new MetadataState();
        restored.restore(state.snapshot());
        assertThat(restored.image()).isEqualTo(state.image());
        int more = CollectionDefinition.MAX_FIELDS - grown.definition().fields().size();
        for (int i = 0; i < more; i++) {
            assertDone(add(400 + i, 1, new Field("h" + i, FieldType.LONG)), 400 + i);
        }
        assertRefused(add(999, 1, new Field("h999", FieldType.LONG)), ErrorCode.INVALID_DEFINITION);
    }

    @Test
    void writesTheGoldenBytesOfAddedFieldsAndReadsThem() throws IOException {
        StringBuilder written = new StringBuilder();
        create(1, "packages", 1, 1, false);
        for (Field field : added()) {
            byte[] command =
                    MetadataMessages.addField("packages", new UUID(9, 1), field).toByteArray();
            written.append(
                    "add field %s = %s\n"
                            .formatted(field.name(), HexFormat.of().formatHex(command)));
            state.apply(2, command);
        }
        written.append("snapshot = " + HexFormat.of().formatHex(state.snapshot()) + "\n");
        String file = golden("metadata-group-fields-v1.txt");
        assertThat(written.toString()).isEqualTo(file);
        String snapshot =
                file.lines().filter(l -> l.startsWith("snapshot = ")).findFirst().orElseThrow();
        MetadataState read = new MetadataState();
        read.restore(HexFormat.of().parseHex(snapshot.substring("snapshot = ".length())));
        assertThat(read.image()).isEqualTo(state.image());
    }

    private static String golden(String name) throws IOException {
        try (InputStream in = MetadataStateTest.class.getResourceAsStream("/golden/" + name)) {
            if (in == null) {
                throw new AssertionError("no golden/" + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void dropsACollectionOnce() {
        create(1, "packages", 1, 3, false);
        assertDone(Samples.apply(state, 2, MetadataMessages.dropCollection("packages", false)), 2);
        assertThat(state.image().collections()).isEmpty();
        assertRefused(
                Samples.apply(state, 3, MetadataMessages.dropCollection("packages", false)),
                ErrorCode.UNKNOWN_COLLECTION);
        assertDone(Samples.apply(state, 4, MetadataMessages.dropCollection("packages", true)), 2);
        assertDone(create(5, "packages", 2, 3, false), 5);
    }

    @Test
    void registersANodeUnderItsNewestIncarnation() {
        assertDone(Samples.apply(state, 1, MetadataMessages.registerNode(Samples.node(0))), 1);
        assertDone(Samples.apply(state, 2, MetadataMessages.registerNode(Samples.node(0))), 1);
        NodeInfo restarted = new NodeInfo("node-0", new UUID(8, 8), "127.0.0.1", 9400, 9401);
        assertDone(Samples.apply(state, 3, MetadataMessages.registerNode(restarted)), 3);
        assertThat(state.image().nodes()).isEqualTo(Map.of("node-0", restarted));
    }

    @Test
    void refusesACollectionNobodyCanOwn() {
        Command nobody =
                MetadataMessages.createCollection(
                        Samples.collection("packages", 1, 1), false, List.of());
        assertRefused(Samples.apply(state, 1, nobody), ErrorCode.MALFORMED_REQUEST);
        assertThat(state.image()).isEqualTo(ClusterImage.EMPTY);
    }

    @Test
    void stopsAtWhatItDoesNotKnow() {
        assertThatThrownBy(() -> state.apply(1, new byte[] {1, 2, 3}))
                .isInstanceOf(ArbalestException.class);
        byte[] newer =
                MetadataMessages.dropCollection("x", true).toBuilder()
                        .setFormatVersion(2)
                        .build()
                        .toByteArray();
        assertThatThrownBy(() -> MetadataState.check(newer))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_FORMAT_VERSION));
        assertThatThrownBy(() -> state.restore(newer)).isInstanceOf(ArbalestException.class);
        assertThat(state.image()).isEqualTo(ClusterImage.EMPTY);
    }

    @Test
    void goesOnFromASnapshotAsIfItHadNotStopped() {
        fill(state);
        MetadataState restored = new MetadataState();
        restored.restore(state.snapshot());
        assertThat(restored.image()).isEqualTo(state.image());
        assertThat(restored.snapshot()).isEqualTo(state.snapshot());
        Command next =
                MetadataMessages.createCollection(
                        Samples.collection("next", 9, 2), false, Samples.MEMBERS);
        assertThat(restored.apply(20, next.toByteArray()))
                .isEqualTo(state.apply(20, next.toByteArray()));
        assertThat(restored.image()).isEqualTo(state.image());
    }

    private static void fill(MetadataState state) {
        for (int i = 0; i < 3; i++) {
            Samples.apply(state, i + 1, MetadataMessages.registerNode(Samples.node(i)));
        }
        Command create =
                MetadataMessages.createCollection(
                        Samples.collection("packages", 1, 3), false, Samples.MEMBERS);
        Samples.apply(state, 4, create);
    }

    /** Every kind of message, with fixed content. */
    static Map<String, byte[]> golden() {
        MetadataState state = new MetadataState();
        fill(state);
        Command create =
                MetadataMessages.createCollection(
                        Samples.collection("packages", 1, 3), true, Samples.MEMBERS);
        Map<String, byte[]> lines = new LinkedHashMap<>();
        lines.put("register node", MetadataMessages.registerNode(Samples.node(1)).toByteArray());
        lines.put("create collection", create.toByteArray());
        lines.put(
                "drop collection", MetadataMessages.dropCollection("packages", true).toByteArray());
        lines.put("reply", state.apply(5, create.toByteArray()));
        Command unknown = MetadataMessages.dropCollection("unknown", false);
        lines.put("refusal", state.apply(6, unknown.toByteArray()));
        lines.put("snapshot", state.snapshot());
        return lines;
    }

    @Test
    void writesTheGoldenBytesAndReadsThem() throws IOException {
        String file = golden("metadata-group-v1.txt");
        StringBuilder written = new StringBuilder();
        golden().forEach((name, bytes) ->
                written.append(name + " = " + HexFormat.of().formatHex(bytes) + "\n"));
        assertThat(written.toString()).isEqualTo(file);

        String snapshot =
                file.lines().filter(l -> l.startsWith("snapshot = ")).findFirst().orElseThrow();
        MetadataState read = new MetadataState();
        read.restore(HexFormat.of().parseHex(snapshot.substring("snapshot = ".length())));
        fill(state);
        assertThat(read.image()).isEqualTo(state.image());
        String created =
                file.lines()
                        .filter(l -> l.startsWith("create collection = "))
                        .findFirst()
                        .orElseThrow();
        MetadataState.check(
                HexFormat.of().parseHex(created.substring("create collection = ".length())));
    }
}
