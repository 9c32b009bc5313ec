package io.arbalest.cluster;

import com.google.protobuf.ByteString;

import io.arbalest.cluster.wire.AddField;
import io.arbalest.cluster.wire.Collection;
import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.CreateCollection;
import io.arbalest.cluster.wire.Definition;
import io.arbalest.cluster.wire.DropCollection;
import io.arbalest.cluster.wire.Node;
import io.arbalest.cluster.wire.RegisterNode;
import io.arbalest.cluster.wire.Shard;
import io.arbalest.cluster.wire.Snapshot;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.HashRange;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Turns the vocabulary into the messages of {@code metadata.proto} and back.
 *
 * <p>Thread-safe: no state.
 */
final class MetadataMessages {
    /** The version of commands, replies and snapshots that is written and understood. */
    static final int FORMAT_VERSION = 1;

    private static final Map<KeyType, io.arbalest.cluster.wire.KeyType> KEY_TYPES =
            Map.of(
                    KeyType.STRING, io.arbalest.cluster.wire.KeyType.KEY_TYPE_STRING,
                    KeyType.INT64, io.arbalest.cluster.wire.KeyType.KEY_TYPE_INT64);
    private static final Map<Metric, io.arbalest.cluster.wire.Metric> METRICS =
            Map.of(
                    Metric.L2, io.arbalest.cluster.wire.Metric.METRIC_L2,
                    Metric.IP, io.arbalest.cluster.wire.Metric.METRIC_IP,
                    Metric.COSINE, io.arbalest.cluster.wire.Metric.METRIC_COSINE);
    private static final Map<IndexCodes.Kind, io.arbalest.cluster.wire.IndexCodes> CODES =
            Map.of(
                    IndexCodes.Kind.AUTO, io.arbalest.cluster.wire.IndexCodes.INDEX_CODES_AUTO,
                    IndexCodes.Kind.NONE, io.arbalest.cluster.wire.IndexCodes.INDEX_CODES_NONE,
                    IndexCodes.Kind.BYTES, io.arbalest.cluster.wire.IndexCodes.INDEX_CODES_BYTES,
                    IndexCodes.Kind.NIBBLES,
                            io.arbalest.cluster.wire.IndexCodes.INDEX_CODES_NIBBLES,
                    IndexCodes.Kind.SIGNS, io.arbalest.cluster.wire.IndexCodes.INDEX_CODES_SIGNS);
    private static final Map<IndexCodes.Layout, io.arbalest.cluster.wire.IndexLayout> LAYOUTS =
            Map.of(
                    IndexCodes.Layout.AUTO, io.arbalest.cluster.wire.IndexLayout.INDEX_LAYOUT_AUTO,
                    IndexCodes.Layout.BALANCED,
                            io.arbalest.cluster.wire.IndexLayout.INDEX_LAYOUT_BALANCED,
                    IndexCodes.Layout.FAST, io.arbalest.cluster.wire.IndexLayout.INDEX_LAYOUT_FAST);

    private MetadataMessages() {}

    // Commands

    static Command registerNode(NodeInfo node) {
        return command()
                .setRegisterNode(RegisterNode.newBuilder().setNode(toMessage(node)))
                .build();
    }

    static Command createCollection(
            CollectionDefinition definition, boolean ifNotExists, List<String> members) {
        return command()
                .setCreateCollection(
                        CreateCollection.newBuilder()
                                .setDefinition(toMessage(definition))
                                .setIfNotExists(ifNotExists)
                                .addAllMembers(members))
                .build();
    }

    static Command addField(String collection, UUID incarnation, Field field) {
        return command()
                .setAddField(
                        AddField.newBuilder()
                                .setCollection(collection)
                                .setIncarnation(bytes(incarnation))
                                .setField(FieldMessages.toMessage(field)))
                .build();
    }

    static Command dropCollection(String name, boolean ifExists) {
        return command()
                .setDropCollection(DropCollection.newBuilder().setName(name).setIfExists(ifExists))
                .build();
    }

    private static Command.Builder command() {
        return Command.newBuilder().setFormatVersion(FORMAT_VERSION);
    }

    // The image

    static Snapshot toSnapshot(ClusterImage image) {
        Snapshot.Builder snapshot =
                Snapshot.newBuilder().setFormatVersion(FORMAT_VERSION).setImageIndex(image.index());
        image.nodes().values().forEach(node -> snapshot.addNodes(toMessage(node)));
        image.collections()
                .values()
                .forEach(collection -> snapshot.addCollections(toMessage(collection)));
        return snapshot.build();
    }

    static ClusterImage fromSnapshot(Snapshot snapshot) {
        if (snapshot.getFormatVersion() != FORMAT_VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "the metadata snapshot has format version "
                            + snapshot.getFormatVersion()
                            + ", this release reads "
                            + FORMAT_VERSION,
                    "run the release that wrote it, or a later one");
        }
        Map<String, NodeInfo> nodes = new HashMap<>();
        snapshot.getNodesList().forEach(node -> nodes.put(node.getName(), fromMessage(node)));
        Map<String, ClusterImage.Collection> collections = new HashMap<>();
        snapshot.getCollectionsList()
                .forEach(collection ->
                        collections.put(
                                collection.getDefinition().getName(), fromMessage(collection)));
        return new ClusterImage(snapshot.getImageIndex(), nodes, collections);
    }

    private static Node toMessage(NodeInfo node) {
        return Node.newBuilder()
                .setName(node.name())
                .setIncarnation(bytes(node.incarnation()))
                .setHost(node.host())
                .setFlightPort(node.flightPort())
                .setHttpPort(node.httpPort())
                .build();
    }

    static NodeInfo fromMessage(Node node) {
        return new NodeInfo(
                node.getName(),
                uuid(node.getIncarnation()),
                node.getHost(),
                node.getFlightPort(),
                node.getHttpPort());
    }

    private static Collection toMessage(ClusterImage.Collection collection) {
        Collection.Builder message =
                Collection.newBuilder().setDefinition(toMessage(collection.definition()));
        collection.shards().stream()
                .sorted(Comparator.comparingInt(assignment -> assignment.shard().number()))
                .forEach(assignment -> message.addShards(toMessage(assignment)));
        return message.build();
    }

    private static ClusterImage.Collection fromMessage(Collection collection) {
        CollectionDefinition definition = fromMessage(collection.getDefinition());
        return new ClusterImage.Collection(
                definition,
                collection.getShardsList().stream()
                        .map(shard -> fromMessage(definition.incarnation(), shard))
                        .toList());
    }

    private static Shard toMessage(ShardAssignment assignment) {
        return Shard.newBuilder()
                .setNumber(assignment.shard().number())
                .setFirstHash(assignment.range().first())
                .setLastHash(assignment.range().last())
                .setTerm(assignment.term())
                .setConfigurationNumber(assignment.configurationNumber())
                .setPrimary(assignment.primary())
                .addAllInSync(assignment.inSync())
                .addAllLearners(assignment.learners())
                .build();
    }

    private static ShardAssignment fromMessage(UUID incarnation, Shard shard) {
        return new ShardAssignment(
                new ShardId(incarnation, shard.getNumber()),
                new HashRange(shard.getFirstHash(), shard.getLastHash()),
                shard.getTerm(),
                shard.getConfigurationNumber(),
                shard.getPrimary(),
                shard.getInSyncList(),
                shard.getLearnersList());
    }

    private static Definition toMessage(CollectionDefinition definition) {
        Definition.Builder message =
                Definition.newBuilder()
                        .setName(definition.name())
                        .setIncarnation(bytes(definition.incarnation()))
                        .setKeyType(number(KEY_TYPES, definition.keyType()))
                        .setDimension(definition.dimension())
                        .setMetric(number(METRICS, definition.metric()))
                        .setM(definition.hnsw().m())
                        .setEfConstruction(definition.hnsw().efConstruction())
                        .setEf(definition.hnsw().ef())
                        .setCodes(number(CODES, definition.hnsw().codes().kind()))
                        .setLayout(number(LAYOUTS, definition.hnsw().codes().layout()))
                        .setShardCount(definition.shardCount())
                        .setReplicationFactor(definition.replicationFactor());
        for (Field field : definition.fields()) {
            message.addFields(FieldMessages.toMessage(field));
        }
        return message.build();
    }

    static CollectionDefinition fromMessage(Definition message) {
        return new CollectionDefinition(
                message.getName(),
                uuid(message.getIncarnation()),
                ofNumber(KEY_TYPES, message.getKeyType()),
                message.getDimension(),
                ofNumber(METRICS, message.getMetric()),
                new HnswParams(
                        message.getM(),
                        message.getEfConstruction(),
                        message.getEf(),
                        new IndexCodes(
                                ofNumber(CODES, message.getCodes()),
                                ofNumber(LAYOUTS, message.getLayout()))),
                message.getFieldsList().stream().map(FieldMessages::fromMessage).toList(),
                message.getShardCount(),
                message.getReplicationFactor());
    }

    static <W, N> N number(Map<W, N> numbers, W word) {
        N number = numbers.get(word);
        if (number == null) {
            throw new IllegalStateException("no number for " + word);
        }
        return number;
    }

    static <W, N> W ofNumber(Map<W, N> numbers, N number) {
        for (Map.Entry<W, N> entry : numbers.entrySet()) {
            if (entry.getValue().equals(number)) {
                return entry.getKey();
            }
        }
        throw new ArbalestException(
                ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                "the metadata group uses " + number + ", which this release does not know",
                "run the release that wrote it, or a later one");
    }

    static ByteString bytes(UUID uuid) {
        return ByteString.copyFrom(
                ByteBuffer.allocate(16)
                        .putLong(uuid.getMostSignificantBits())
                        .putLong(uuid.getLeastSignificantBits())
                        .flip());
    }

    static UUID uuid(ByteString bytes) {
        if (bytes.size() != 16) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "an incarnation has " + bytes.size() + " bytes, expected 16",
                    "");
        }
        ByteBuffer in = bytes.asReadOnlyByteBuffer();
        return new UUID(in.getLong(), in.getLong());
    }
}
