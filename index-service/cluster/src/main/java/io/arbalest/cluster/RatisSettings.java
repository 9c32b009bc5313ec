package io.arbalest.cluster;

import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

import java.io.File;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How Ratis is run for a group of a few small decisions: quick first election, unhurried later
 * ones, a log that is cut at snapshots, little memory.
 *
 * <p>Thread-safe: no state.
 */
final class RatisSettings {
    /**
     * A later election starts after this long without a leader; short ones break down on a busy
     * machine.
     */
    static final TimeDuration ELECTION_MIN = TimeDuration.valueOf(1_000, TimeUnit.MILLISECONDS);

    static final TimeDuration ELECTION_MAX = TimeDuration.valueOf(1_500, TimeUnit.MILLISECONDS);

    private static final TimeDuration FIRST_ELECTION_MIN =
            TimeDuration.valueOf(150, TimeUnit.MILLISECONDS);
    private static final TimeDuration FIRST_ELECTION_MAX =
            TimeDuration.valueOf(300, TimeUnit.MILLISECONDS);
    private static final TimeDuration STEP_DOWN_WAIT = TimeDuration.valueOf(1, TimeUnit.SECONDS);
    private static final TimeDuration REQUEST_TIMEOUT = TimeDuration.valueOf(3, TimeUnit.SECONDS);
    private static final long SNAPSHOT_AFTER_ENTRIES = 10_000;
    private static final long ENTRIES_KEPT_BEHIND_SNAPSHOT = 10_000;
    private static final int SNAPSHOTS_KEPT = 3;

    private RatisSettings() {}

    static RaftGroup group(ClusterOptions options) {
        List<RaftPeer> peers =
                options.members().stream()
                        .map(m ->
                                RaftPeer.newBuilder()
                                        .setId(m.name())
                                        .setAddress(m.address())
                                        .build())
                        .toList();
        return RaftGroup.valueOf(RaftGroupId.valueOf(options.groupId()), peers);
    }

    static RaftProperties server(ClusterOptions options) {
        RaftProperties properties = new RaftProperties();
        File directory = options.directory().toFile();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory));
        GrpcConfigKeys.Server.setHost(properties, options.self().host());
        GrpcConfigKeys.Server.setPort(properties, options.self().ratisPort());
        GrpcConfigKeys.Server.setHeartbeatChannel(properties, true);
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("16MB"));

        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, ELECTION_MIN);
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, ELECTION_MAX);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, FIRST_ELECTION_MIN);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, FIRST_ELECTION_MAX);
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, REQUEST_TIMEOUT);
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, STEP_DOWN_WAIT);
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);

        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("8MB"));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf("1MB"));
        RaftServerConfigKeys.Log.setSegmentCacheNumMax(properties, 2);
        RaftServerConfigKeys.Log.setQueueByteLimit(properties, SizeInBytes.valueOf("16MB"));
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgePreservationLogNum(
                properties, ENTRIES_KEPT_BEHIND_SNAPSHOT);
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(
                properties, SizeInBytes.valueOf("512KB"));

        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, SNAPSHOT_AFTER_ENTRIES);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, SNAPSHOTS_KEPT);
        return properties;
    }

    static RaftProperties client() {
        RaftProperties properties = new RaftProperties();
        RaftClientConfigKeys.Rpc.setRequestTimeout(properties, REQUEST_TIMEOUT);
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("16MB"));
        return properties;
    }
}
