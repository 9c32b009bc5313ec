package io.arbalest.client;

import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Nodes that agree on one image, which a test may change. */
final class FakeCluster implements AutoCloseable {
    static final int DIMENSION = 4;
    static final String COLLECTION = "packages";

    final List<FakeNode> nodes = new ArrayList<>();
    private final int shards;
    private final List<Field> fields =
            new ArrayList<>(
                    List.of(
                            new Field("section", FieldType.STRING),
                            new Field("size", FieldType.LONG)));
    private volatile ClusterImage image = ClusterImage.EMPTY;

    FakeCluster(int nodeCount, int shards) throws IOException {
        this.shards = shards;
        for (int number = 0; number < nodeCount; number++) {
            nodes.add(new FakeNode("node-" + number, 0, () -> image));
        }
        List<String> primaries = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            primaries.add("node-" + shard % nodeCount);
        }
        assign(new UUID(1, 1), primaries);
    }

    /** Publishes an image in which these nodes own the shards, by shard number. */
    void assign(UUID incarnation, List<String> primaries) {
        Map<String, NodeInfo> infos = new LinkedHashMap<>();
        for (FakeNode node : nodes) {
            infos.put(
                    node.name,
                    new NodeInfo(node.name, new UUID(2, 2), "127.0.0.1", node.port(), 0));
        }
        List<ShardAssignment> assignments = new ArrayList<>();
        for (int shard = 0; shard < shards; shard++) {
            assignments.add(
                    new ShardAssignment(
                            new ShardId(incarnation, shard),
                            HashRange.ofEqualParts(shard, shards),
                            image.index() + 1,
                            1,
                            primaries.get(shard),
                            List.of(primaries.get(shard)),
                            List.of()));
        }
        image =
                new ClusterImage(
                        image.index() + 1,
                        infos,
                        Map.of(
                                COLLECTION,
                                new ClusterImage.Collection(definition(incarnation), assignments)));
    }

    /** Publishes an image in which the collection has one more field. */
    void addField(Field field) {
        fields.add(field);
        List<ShardAssignment> assignments = image.requireCollection(COLLECTION).shards();
        assign(
                assignments.get(0).shard().incarnation(),
                assignments.stream().map(ShardAssignment::primary).toList());
    }

    private CollectionDefinition definition(UUID incarnation) {
        return new CollectionDefinition(
                COLLECTION,
                incarnation,
                KeyType.STRING,
                DIMENSION,
                Metric.IP,
                HnswParams.DEFAULT,
                fields,
                shards,
                1);
    }

    ClusterImage image() {
        return image;
    }

    /** Replaces a node by a new process on the same port, with what the old one had stored. */
    void restart(int number) throws IOException {
        FakeNode old = nodes.get(number);
        int port = old.port();
        old.close();
        FakeNode fresh = new FakeNode(old.name, port, () -> image);
        fresh.rows.putAll(old.rows);
        fresh.arrivals.addAll(old.arrivals);
        nodes.set(number, fresh);
    }

    ArbalestClient connect() {
        return ArbalestClient.connect(List.of(nodes.get(0).endpoint()));
    }

    @Override
    public void close() {
        nodes.forEach(FakeNode::close);
    }
}
