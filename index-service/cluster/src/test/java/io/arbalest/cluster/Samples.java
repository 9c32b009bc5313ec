package io.arbalest.cluster;

import com.google.protobuf.InvalidProtocolBufferException;

import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.Reply;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.NodeInfo;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Fixed nodes and collections. */
final class Samples {
    static final List<String> MEMBERS = List.of("node-0", "node-1", "node-2");

    private Samples() {}

    static NodeInfo node(int number) {
        return new NodeInfo(
                "node-" + number,
                new UUID(7, number),
                "127.0.0.1",
                7400 + 10 * number,
                7401 + 10 * number);
    }

    /** A collection with a field of every type that the first golden bytes knew. */
    static CollectionDefinition collection(String name, long incarnation, int shards) {
        List<Field> fields = new ArrayList<>();
        for (FieldType type : FieldType.values()) {
            if (type != FieldType.JSON) {
                fields.add(new Field("f" + fields.size(), type, fields.size() % 2 == 0));
            }
        }
        return new CollectionDefinition(
                name,
                new UUID(9, incarnation),
                KeyType.STRING,
                192,
                Metric.IP,
                HnswParams.DEFAULT,
                fields,
                shards,
                1);
    }

    static Reply apply(MetadataState state, long index, Command command) {
        try {
            return Reply.parseFrom(state.apply(index, command.toByteArray()));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
