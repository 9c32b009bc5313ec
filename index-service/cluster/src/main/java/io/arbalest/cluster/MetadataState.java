package io.arbalest.cluster;

import com.google.protobuf.InvalidProtocolBufferException;

import io.arbalest.cluster.wire.AddField;
import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.CreateCollection;
import io.arbalest.cluster.wire.DropCollection;
import io.arbalest.cluster.wire.Reply;
import io.arbalest.cluster.wire.Snapshot;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HashRange;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;
import io.arbalest.model.ShardId;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Every decision of the metadata group, as a function of its log: the same commands in the same
 * order give the same image and the same replies at every member. Knows no clock, no randomness and
 * no Ratis, so a simulation runs it on a log of its own.
 *
 * <p>A command that may not be done is answered with a coded error and changes nothing. The image
 * keeps the index of the last command that changed something.
 *
 * <p>Confined to one thread, except {@link #image()}.
 */
public final class MetadataState {
    /** Collections of one cluster; the shard map stays small enough to be published whole. */
    public static final int MAX_COLLECTIONS = 1_000;

    private volatile ClusterImage image = ClusterImage.EMPTY;

    /** As of before the first command. */
    public MetadataState() {}

    /** The newest image. */
    public ClusterImage image() {
        return image;
    }

    /**
     * Applies one entry of the log.
     *
     * @param index of the entry; above that of every earlier one
     * @param command bytes of {@code Command}
     * @return bytes of {@code Reply}
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION or MALFORMED_REQUEST: this member cannot
     *     go on
     */
    public byte[] apply(long index, byte[] command) {
        Command parsed = parse(command);
        try {
            ClusterImage next = decide(index, parsed);
            image = next;
            return reply().setImageIndex(next.index()).build().toByteArray();
        } catch (ArbalestException e) {
            return reply().setError(e.code().number())
                    .setDetail(e.detail())
                    .setFix(e.fix())
                    .setImageIndex(image.index())
                    .build()
                    .toByteArray();
        }
    }

    /** Refuses what {@link #apply} could not go on with, before it gets into the log. */
    public static void check(byte[] command) {
        parse(command);
    }

    private static Command parse(byte[] command) {
        Command parsed;
        try {
            parsed = Command.parseFrom(command);
        } catch (InvalidProtocolBufferException e) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "not a metadata command: " + e.getMessage(),
                    "",
                    e);
        }
        if (parsed.getFormatVersion() != MetadataMessages.FORMAT_VERSION
                || parsed.getBodyCase() == Command.BodyCase.BODY_NOT_SET) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "a metadata command of format version "
                            + parsed.getFormatVersion()
                            + " that this release does not know",
                    "run the same release on every node");
        }
        return parsed;
    }

    private static Reply.Builder reply() {
        return Reply.newBuilder().setFormatVersion(MetadataMessages.FORMAT_VERSION);
    }

    private ClusterImage decide(long index, Command command) {
        return switch (command.getBodyCase()) {
            case REGISTER_NODE ->
                    register(
                            index,
                            MetadataMessages.fromMessage(command.getRegisterNode().getNode()));
            case CREATE_COLLECTION -> create(index, command.getCreateCollection());
            case DROP_COLLECTION -> drop(index, command.getDropCollection());
            case ADD_FIELD -> addField(index, command.getAddField());
            case BODY_NOT_SET -> throw new IllegalStateException("checked while parsing");
        };
    }

    private ClusterImage register(long index, NodeInfo node) {
        if (node.equals(image.nodes().get(node.name()))) {
            return image;
        }
        Map<String, NodeInfo> nodes = new HashMap<>(image.nodes());
        nodes.put(node.name(), node);
        return new ClusterImage(index, nodes, image.collections());
    }

    private ClusterImage create(long index, CreateCollection command) {
        CollectionDefinition definition = MetadataMessages.fromMessage(command.getDefinition());
        ClusterImage.Collection existing = image.collections().get(definition.name());
        if (existing != null) {
            boolean same = existing.definition().incarnation().equals(definition.incarnation());
            if (command.getIfNotExists()
                    || same) { // the same incarnation: the proposer asks again after a lost reply
                return image;
            }
            throw new ArbalestException(
                    ErrorCode.COLLECTION_EXISTS,
                    "collection '" + definition.name() + "' exists",
                    "choose another name, or drop it first with: arbalest collection drop "
                            + definition.name());
        }
        if (image.collections().size() >= MAX_COLLECTIONS) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the cluster has "
                            + image.collections().size()
                            + " collections, at most "
                            + MAX_COLLECTIONS
                            + " are allowed",
                    "drop one that is not used");
        }
        if (command.getMembersCount() == 0) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "collection '" + definition.name() + "' without members to own it",
                    "");
        }
        Map<String, ClusterImage.Collection> collections = new HashMap<>(image.collections());
        collections.put(
                definition.name(),
                new ClusterImage.Collection(
                        definition, assign(definition, command.getMembersList())));
        return new ClusterImage(index, image.nodes(), collections);
    }

    /** Equal ranges to the members in turn, going on where the last collection stopped. */
    private List<ShardAssignment> assign(CollectionDefinition definition, List<String> members) {
        List<String> owners = members.stream().sorted().toList();
        int before = image.collections().values().stream().mapToInt(c -> c.shards().size()).sum();
        List<ShardAssignment> shards = new ArrayList<>(definition.shardCount());
        for (int number = 0; number < definition.shardCount(); number++) {
            String owner = owners.get((before + number) % owners.size());
            shards.add(
                    new ShardAssignment(
                            new ShardId(definition.incarnation(), number),
                            HashRange.ofEqualParts(number, definition.shardCount()),
                            1,
                            1,
                            owner,
                            List.of(owner),
                            List.of()));
        }
        return shards;
    }

    private ClusterImage addField(long index, AddField command) {
        ClusterImage.Collection found = image.requireCollection(command.getCollection());
        if (!found.definition()
                .incarnation()
                .equals(MetadataMessages.uuid(command.getIncarnation()))) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "collection '"
                            + command.getCollection()
                            + "' was dropped and created again before the field was added",
                    "look at its fields and call again");
        }
        CollectionDefinition grown =
                found.definition().with(FieldMessages.fromMessage(command.getField()));
        if (grown.equals(found.definition())) {
            return image;
        }
        Map<String, ClusterImage.Collection> collections = new HashMap<>(image.collections());
        collections.put(grown.name(), new ClusterImage.Collection(grown, found.shards()));
        return new ClusterImage(index, image.nodes(), collections);
    }

    private ClusterImage drop(long index, DropCollection command) {
        if (!image.collections().containsKey(command.getName())) {
            if (command.getIfExists()) {
                return image;
            }
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_COLLECTION,
                    "no collection '"
                            + command.getName()
                            + "'; there are "
                            + image.collections().keySet(),
                    "check the name with: arbalest collection list");
        }
        Map<String, ClusterImage.Collection> collections = new HashMap<>(image.collections());
        collections.remove(command.getName());
        return new ClusterImage(index, image.nodes(), collections);
    }

    /** The whole state in the bytes of {@code Snapshot}; equal states have equal bytes. */
    public byte[] snapshot() {
        return MetadataMessages.toSnapshot(image).toByteArray();
    }

    /**
     * Replaces the whole state by a snapshot.
     *
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION, or STORE_FAILED if the bytes are
     *     damaged; the state is then as before
     */
    public void restore(byte[] snapshot) {
        try {
            image = MetadataMessages.fromSnapshot(Snapshot.parseFrom(snapshot));
        } catch (InvalidProtocolBufferException e) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "the metadata snapshot is damaged: " + e.getMessage(),
                    "remove this member's metadata directory; it gets the state from the others",
                    e);
        }
    }
}
