package io.arbalest.protocol;

import io.arbalest.model.ClusterImage;
import io.arbalest.model.HashRange;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;
import io.arbalest.protocol.wire.CollectionState;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The cluster image as protobuf: answer of the action {@link ActionNames#CLUSTER_IMAGE}.
 *
 * <p>Thread-safe: no state.
 */
public final class ImageCodec {
    private ImageCodec() {}

    public static io.arbalest.protocol.wire.ClusterImage toWire(ClusterImage image) {
        var builder = io.arbalest.protocol.wire.ClusterImage.newBuilder().setIndex(image.index());
        image.nodes().values().forEach(node -> builder.addNodes(toWire(node)));
        image.collections()
                .values()
                .forEach(collection -> builder.addCollections(toWire(collection)));
        return builder.build();
    }

    public static ClusterImage fromWire(io.arbalest.protocol.wire.ClusterImage wire) {
        Map<String, NodeInfo> nodes = new LinkedHashMap<>();
        wire.getNodesList().forEach(node -> nodes.put(node.getName(), fromWire(node)));
        Map<String, ClusterImage.Collection> collections = new LinkedHashMap<>();
        wire.getCollectionsList()
                .forEach(
                        state -> collections.put(state.getDefinition().getName(), fromWire(state)));
        return new ClusterImage(wire.getIndex(), nodes, collections);
    }

    public static CollectionState toWire(ClusterImage.Collection collection) {
        CollectionState.Builder builder =
                CollectionState.newBuilder()
                        .setDefinition(DefinitionCodec.toWire(collection.definition()));
        collection.shards().forEach(shard -> builder.addShards(toWire(shard)));
        return builder.build();
    }

    public static ClusterImage.Collection fromWire(CollectionState wire) {
        var definition = DefinitionCodec.fromWire(wire.getDefinition());
        return new ClusterImage.Collection(
                definition,
                wire.getShardsList().stream()
                        .map(s -> fromWire(s, definition.incarnation()))
                        .toList());
    }

    public static io.arbalest.protocol.wire.NodeInfo toWire(NodeInfo node) {
        return io.arbalest.protocol.wire.NodeInfo.newBuilder()
                .setName(node.name())
                .setIncarnation(UuidBytes.toWire(node.incarnation()))
                .setHost(node.host())
                .setFlightPort(node.flightPort())
                .setHttpPort(node.httpPort())
                .build();
    }

    public static NodeInfo fromWire(io.arbalest.protocol.wire.NodeInfo wire) {
        return new NodeInfo(
                wire.getName(),
                UuidBytes.fromWire(wire.getIncarnation()),
                wire.getHost(),
                wire.getFlightPort(),
                wire.getHttpPort());
    }

    private static io.arbalest.protocol.wire.ShardAssignment toWire(ShardAssignment shard) {
        return io.arbalest.protocol.wire.ShardAssignment.newBuilder()
                .setNumber(shard.shard().number())
                .setFirstHash(shard.range().first())
                .setLastHash(shard.range().last())
                .setTerm(shard.term())
                .setConfigurationNumber(shard.configurationNumber())
                .setPrimary(shard.primary())
                .addAllInSync(shard.inSync())
                .addAllLearners(shard.learners())
                .build();
    }

    private static ShardAssignment fromWire(
            io.arbalest.protocol.wire.ShardAssignment wire, UUID incarnation) {
        return new ShardAssignment(
                new ShardId(incarnation, wire.getNumber()),
                new HashRange(wire.getFirstHash(), wire.getLastHash()),
                wire.getTerm(),
                wire.getConfigurationNumber(),
                wire.getPrimary(),
                wire.getInSyncList(),
                wire.getLearnersList());
    }
}
