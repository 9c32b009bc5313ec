package io.arbalest.protocol;

/**
 * The types of Flight actions; bodies and answers are protobuf messages of wire.proto. An answer is
 * exactly one result.
 *
 * <p>Immutable.
 */
public final class ActionNames {
    /** Empty body; answered with a ClusterImage. */
    public static final String CLUSTER_IMAGE = "cluster-image";

    /** Body CreateCollection; answered with a CollectionState. */
    public static final String CREATE_COLLECTION = "create-collection";

    /** Body DropCollection; answered with a ClusterImage. */
    public static final String DROP_COLLECTION = "drop-collection";

    /** Body AddField; answered with a CollectionState. */
    public static final String ADD_FIELD = "add-field";

    /** Body DeleteWhere; answered with a DeleteWhereReply. */
    public static final String DELETE_WHERE = "delete-where";

    /** Body ShardStatusRequest; answered with a ShardStatusReply about this node's shards. */
    public static final String SHARD_STATUS = "shard-status";

    private ActionNames() {}
}
