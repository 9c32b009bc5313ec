package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.FieldType;
import io.arbalest.model.HashRange;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.PointKey;
import io.arbalest.model.RowStatus;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.protocol.wire.AddField;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.DeleteWhere;
import io.arbalest.protocol.wire.DeleteWhereReply;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.MissingShard;
import io.arbalest.protocol.wire.PutAcknowledgement;
import io.arbalest.protocol.wire.PutBatchHeader;
import io.arbalest.protocol.wire.PutCommand;
import io.arbalest.protocol.wire.ReadCommand;
import io.arbalest.protocol.wire.ResultHeader;
import io.arbalest.protocol.wire.RowError;
import io.arbalest.protocol.wire.SearchRequest;
import io.arbalest.protocol.wire.SearchStatistics;
import io.arbalest.protocol.wire.Writer;

import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** Opens the golden file of every format and makes it again, byte for byte. */
class GoldenFormatTest {
    private static final ReadPosition POSITION =
            new ReadPosition(Definitions.INCARNATION, Map.of(0, 17L, 2, 1L << 40));
    private static final io.arbalest.protocol.wire.Error ERROR =
            ErrorCodec.toWire(
                    new ArbalestException(
                            ErrorCode.DIMENSION_MISMATCH, "got 3, expected 4", "embed again"));

    private static <M extends Message> void pinned(String name, M message, Parser<M> parser)
            throws IOException {
        byte[] golden = Golden.check(name, message.toByteArray());
        assertThat(parser.parseFrom(golden)).isEqualTo(message);
    }

    @Test
    void putCommand() throws Exception {
        PutCommand command =
                PutCommand.newBuilder()
                        .setFormatVersion(1)
                        .setCollection("packages")
                        .setIncarnation(UuidBytes.toWire(Definitions.INCARNATION))
                        .setShard(0)
                        .setTerm(5)
                        .setWriter(
                                Writer.newBuilder()
                                        .setGroup("job")
                                        .setSubtask(3)
                                        .setEpoch(9)
                                        .setCheckpoint(12))
                        .setAcceptOlder(true)
                        .setForwarded(true)
                        .build();
        byte[] golden = Golden.check("put-command-v1.bin", Descriptors.ofPut(command).getCommand());
        assertThat(Descriptors.putCommand(org.apache.arrow.flight.FlightDescriptor.command(golden)))
                .isEqualTo(command);
    }

    @Test
    void readCommands() throws Exception {
        SearchRequest search =
                SearchRequest.newBuilder()
                        .setCollection("packages")
                        .setVectorsF16(ByteString.copyFrom(new byte[] {0, 0x3c, 0, (byte) 0xbc}))
                        .setK(10)
                        .setEf(100)
                        .setExact(true)
                        .setSkipTail(true)
                        .setFilter("section = 'net'")
                        .setMinScore(0.25)
                        .addFields("section")
                        .setIncludeVector(true)
                        .setToken(TokenCodec.toWire(POSITION))
                        .setTimeoutMillis(1500)
                        .addShards(0)
                        .addShards(2)
                        .build();
        GetRequest get =
                GetRequest.newBuilder()
                        .setCollection("packages")
                        .addKeys(KeyCodec.toWire(PointKey.of("0ad")))
                        .addKeys(KeyCodec.toWire(PointKey.of(-3)))
                        .setAllFields_(true)
                        .build();
        ExchangeOpen exchange =
                ExchangeOpen.newBuilder()
                        .setCollection("packages")
                        .setIncarnation(UuidBytes.toWire(Definitions.INCARNATION))
                        .setGet(true)
                        .addFields("section")
                        .setIncludeVector(true)
                        .build();
        ticket("read-command-search-v1.bin", ReadCommand.newBuilder().setSearch(search).build());
        ticket("read-command-get-v1.bin", ReadCommand.newBuilder().setGet(get).build());
        ticket(
                "read-command-exchange-v1.bin",
                ReadCommand.newBuilder().setExchange(exchange).build());
        pinned(
                "batch-header-v1.bin",
                BatchHeader.newBuilder()
                        .setRequestId(7)
                        .setSearch(search.toBuilder().clearVectorsF16())
                        .build(),
                BatchHeader.parser());
    }

    private static void ticket(String name, ReadCommand command) throws IOException {
        byte[] golden = Golden.check(name, Descriptors.ticketOf(command).getBytes());
        assertThat(Descriptors.readCommand(new Ticket(golden)))
                .isEqualTo(command.toBuilder().setFormatVersion(1).build());
    }

    @Test
    void acknowledgement() throws Exception {
        pinned(
                "put-batch-header-v1.bin",
                PutBatchHeader.newBuilder().setSequence(300).build(),
                PutBatchHeader.parser());
        byte[] statuses = new byte[RowStatus.values().length];
        int row = 0;
        for (RowStatus status : RowStatus.values()) {
            statuses[row++] = RowStatusCodec.toWire(status);
        }
        pinned(
                "put-acknowledgement-v1.bin",
                PutAcknowledgement.newBuilder()
                        .setSequence(300)
                        .setRows(4)
                        .setStatuses(ByteString.copyFrom(statuses))
                        .addErrors(RowError.newBuilder().setRow(3).setError(ERROR))
                        .setToken(TokenCodec.toWire(POSITION))
                        .setError(ERROR)
                        .setOutcomeUnknown(true)
                        .build(),
                PutAcknowledgement.parser());
    }

    @Test
    void resultHeader() throws Exception {
        pinned(
                "result-header-v1.bin",
                ResultHeader.newBuilder()
                        .setRequestId(7)
                        .setPartial(true)
                        .addMissing(MissingShard.newBuilder().setShard(1).setError(ERROR))
                        .setStatistics(
                                SearchStatistics.newBuilder()
                                        .setScored(1)
                                        .setTailScored(2)
                                        .setLinkedPoints(3)
                                        .setTailPoints(4)
                                        .setLivePoints(5))
                        .setError(ERROR)
                        .setDeadlineReached(true)
                        .build(),
                ResultHeader.parser());
    }

    @Test
    void token() throws Exception {
        byte[] golden = Golden.check("token-v1.bin", TokenCodec.toBytes(POSITION));
        assertThat(TokenCodec.fromBytes(golden)).isEqualTo(POSITION);
    }

    @Test
    void clusterImage() throws Exception {
        UUID incarnation = Definitions.INCARNATION;
        ClusterImage image =
                new ClusterImage(
                        42,
                        Map.of(
                                "node-0",
                                new NodeInfo("node-0", new UUID(1, 2), "127.0.0.1", 7400, 7401)),
                        Map.of(
                                "packages",
                                new ClusterImage.Collection(
                                        Definitions.of(KeyType.INT64, Metric.COSINE, 192),
                                        Stream.of(0, 1, 2)
                                                .map(n ->
                                                        new ShardAssignment(
                                                                new ShardId(incarnation, n),
                                                                HashRange.ofEqualParts(n, 3),
                                                                4,
                                                                5,
                                                                "node-0",
                                                                List.of("node-0"),
                                                                List.of("node-1")))
                                                .toList())));
        byte[] golden =
                Golden.check("cluster-image-v1.bin", ImageCodec.toWire(image).toByteArray());
        assertThat(ImageCodec.fromWire(io.arbalest.protocol.wire.ClusterImage.parseFrom(golden)))
                .isEqualTo(image);
    }

    @Test
    void addFieldAndDeleteWhere() throws Exception {
        io.arbalest.model.Field field =
                new io.arbalest.model.Field(
                        "labels", FieldType.STRING_ARRAY, false, List.of("new"));
        pinned(
                "add-field-v1.bin",
                AddField.newBuilder()
                        .setCollection("packages")
                        .setField(DefinitionCodec.toWire(field))
                        .build(),
                AddField.parser());
        assertThat(DefinitionCodec.fromWire(DefinitionCodec.toWire(field))).isEqualTo(field);
        pinned(
                "delete-where-v1.bin",
                DeleteWhere.newBuilder()
                        .setCollection("packages")
                        .setIncarnation(UuidBytes.toWire(Definitions.INCARNATION))
                        .setFilter("section = 'net'")
                        .setAll(true)
                        .setDryRun(true)
                        .setToken(TokenCodec.toWire(POSITION))
                        .setTimeoutMillis(500)
                        .addShards(2)
                        .build(),
                DeleteWhere.parser());
        pinned(
                "delete-where-reply-v1.bin",
                DeleteWhereReply.newBuilder()
                        .setDeleted(7)
                        .setChanged(1)
                        .addUnfinished(2)
                        .addMissing(MissingShard.newBuilder().setShard(1).setError(ERROR))
                        .setToken(TokenCodec.toWire(POSITION))
                        .build(),
                DeleteWhereReply.parser());
    }

    @Test
    void schemas() throws Exception {
        var strings = Definitions.of(KeyType.STRING, Metric.IP, 4);
        var longs = Definitions.of(KeyType.INT64, Metric.L2, 4);
        Schema put = schema("put-schema-v1-nulls.json", PutSchema.full(strings).arrow());
        assertThat(PutSchema.check(put, strings).arrow()).isEqualTo(put);
        Schema withoutNulls = Schema.fromJSON(Golden.read("put-schema-v1.json"));
        assertThat(PutSchema.check(withoutNulls, strings).arrow()).isEqualTo(withoutNulls);
        Schema search =
                schema("result-schema-v1.json", ResultSchema.search(longs, null, true).arrow());
        ResultSchema.search(longs, null, true).check(search);
        schema("get-schema-v1.json", ResultSchema.get(strings, List.of("section"), false).arrow());
        QuerySchema.check(
                schema("query-schema-v1.json", QuerySchema.search(strings)), strings, false);
        QuerySchema.check(schema("query-get-schema-v1.json", QuerySchema.get(longs)), longs, true);
    }

    private static Schema schema(String name, Schema today) throws IOException {
        byte[] golden =
                Golden.check(name, (today.toJson() + "\n").getBytes(StandardCharsets.UTF_8));
        Schema read = Schema.fromJSON(new String(golden, StandardCharsets.UTF_8));
        assertThat(read).isEqualTo(today);
        return read;
    }

    @Test
    void keyHashes() throws Exception {
        // The two that the authors of XXH3 publish for seed 0.
        assertThat(KeyHash.of(PointKey.of("a"))).isEqualTo(0xe6c632b61e964e1fL);
        assertThat(KeyHash.of(PointKey.of("abc"))).isEqualTo(0x78af5f94892f3950L);
        StringBuilder lines = new StringBuilder("type,key,hash\n");
        List<String> texts =
                List.of(
                        "a",
                        "abc",
                        "0ad",
                        "libc6",
                        "grün",
                        "日本語",
                        "😀",
                        "0123456789abcdef",
                        "0123456789abcdef0",
                        "x".repeat(128),
                        "x".repeat(129),
                        "x".repeat(240),
                        "x".repeat(241),
                        "x".repeat(512));
        for (String text : texts) {
            lines.append("string,")
                    .append(text)
                    .append(',')
                    .append(hex(PointKey.of(text)))
                    .append('\n');
        }
        for (long number : new long[] {0, 1, -1, 42, Long.MAX_VALUE, Long.MIN_VALUE}) {
            lines.append("int64,")
                    .append(number)
                    .append(',')
                    .append(hex(PointKey.of(number)))
                    .append('\n');
        }
        Golden.check("key-hash-v1.csv", lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static String hex(PointKey key) {
        return String.format("%016x", KeyHash.of(key));
    }
}
