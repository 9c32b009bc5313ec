package io.arbalest.cluster;

import io.arbalest.io.Disk;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;

import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Hangs a {@link MetadataState} into Ratis: entries in, replies and images out, snapshots in one
 * file each. Decides nothing.
 *
 * <p>A snapshot file holds the bytes of {@code Snapshot}; Ratis keeps its MD5 beside it. It is
 * written under another name, synced and renamed, so that a crash leaves it whole or absent.
 *
 * <p>Called by Ratis' threads; the state is guarded by this object.
 */
final class CatalogStateMachine extends BaseStateMachine {
    /** What the node wants to hear; called from Ratis' threads, must not block. */
    interface Events {
        /** A newer image; in order. */
        void imageApplied(ClusterImage image);

        /** The group has another leader, or, with null, none. */
        void leaderChanged(@Nullable RaftPeerId leader);

        /** This member can take no further part until the process is restarted. */
        void failed(String why, @Nullable Throwable cause);
    }

    private static final Logger LOG = System.getLogger(CatalogStateMachine.class.getName());

    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final MetadataState state = new MetadataState();
    private final Disk disk;
    private final Events events;

    CatalogStateMachine(Disk disk, Events events) {
        this.disk = disk;
        this.events = events;
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage raftStorage)
            throws IOException {
        getLifeCycle()
                .startAndTransition(() -> {
                    super.initialize(server, groupId, raftStorage);
                    storage.init(raftStorage);
                    loadLatestSnapshot();
                });
    }

    /** Ratis asks for this before it installs a snapshot, and asserts the state afterwards. */
    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** Replaces everything by the snapshot that was installed. */
    @Override
    public void reinitialize() throws IOException {
        getLifeCycle()
                .startAndTransition(() -> {
                    storage.loadLatestSnapshot();
                    loadLatestSnapshot();
                });
    }

    private synchronized void loadLatestSnapshot() throws IOException {
        SingleFileSnapshotInfo latest = storage.getLatestSnapshot();
        if (latest == null) {
            return;
        }
        File file = latest.getFile().getPath().toFile();
        MD5Hash expected = latest.getFile().getFileDigest();
        if (expected != null) {
            MD5FileUtil.verifySavedMD5(file, expected);
        }
        state.restore(Files.readAllBytes(file.toPath()));
        setLastAppliedTermIndex(latest.getTermIndex());
        events.imageApplied(state.image());
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public TransactionContext startTransaction(RaftClientRequest request) throws IOException {
        TransactionContext transaction = super.startTransaction(request);
        try {
            MetadataState.check(request.getMessage().getContent().toByteArray());
        } catch (ArbalestException e) {
            transaction.setException(e);
        }
        return transaction;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        byte[] command = entry.getStateMachineLogEntry().getLogData().toByteArray();
        byte[] reply;
        synchronized (this) {
            long before = state.image().index();
            reply = state.apply(entry.getIndex(), command);
            updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
            if (state.image().index() != before) {
                events.imageApplied(state.image());
            }
        }
        return CompletableFuture.completedFuture(Message.valueOf(ByteString.copyFrom(reply)));
    }

    @Override
    public long takeSnapshot() throws IOException {
        TermIndex applied;
        byte[] bytes;
        synchronized (this) {
            applied = getLastAppliedTermIndex();
            bytes = state.snapshot();
        }
        Path target = storage.getSnapshotFile(applied.getTerm(), applied.getIndex()).toPath();
        disk.publish(target, bytes);
        MD5Hash md5 = MD5FileUtil.computeAndSaveMd5ForFile(target.toFile());
        disk.syncDirectory(Objects.requireNonNull(target.toAbsolutePath().getParent()));
        storage.updateLatestSnapshot(
                new SingleFileSnapshotInfo(new FileInfo(target, md5), applied));
        return applied.getIndex();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, @Nullable RaftPeerId leader) {
        events.leaderChanged(leader);
    }

    /** Ratis goes on as a process after its log has failed, but takes nothing any more. */
    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        events.failed("the log of the metadata group failed", cause);
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean allServers) {
        LOG.log(Level.DEBUG, "metadata group member stopped: {0}", role);
        events.failed("the metadata group member has stopped", null);
    }
}
