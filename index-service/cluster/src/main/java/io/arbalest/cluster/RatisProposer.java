package io.arbalest.cluster;

import com.google.protobuf.InvalidProtocolBufferException;

import io.arbalest.cluster.wire.Command;
import io.arbalest.cluster.wire.Reply;
import io.arbalest.common.Clock;
import io.arbalest.common.Scheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Sends commands to the leader until one of them is answered or the time is over. Uses Ratis'
 * ordered asynchronous client only, and a new one after every failure: a client whose window has
 * lost a request answers no later one.
 *
 * <p>A command may therefore get into the log more than once; the commands are made to bear that.
 *
 * <p>Confined to the executor it was given, except {@link #propose}.
 */
final class RatisProposer {
    /** How long a proposal is tried before it fails with METADATA_UNAVAILABLE. */
    static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final Duration PAUSE_BETWEEN_TRIES = Duration.ofMillis(200);
    private static final int REDIRECTIONS = 4;
    private static final TimeDuration PAUSE_BETWEEN_REDIRECTIONS =
            TimeDuration.valueOf(50, TimeUnit.MILLISECONDS);
    private static final Logger LOG = System.getLogger(RatisProposer.class.getName());

    private final RaftGroup group;
    private final Executor executor;
    private final Scheduler scheduler;
    private final Clock clock;
    private final List<Proposal> waitingForLeader = new ArrayList<>();
    private @Nullable RaftClient client;
    private @Nullable RaftPeerId leader;
    private boolean closed;

    RatisProposer(RaftGroup group, Executor executor, Scheduler scheduler, Clock clock) {
        this.group = group;
        this.executor = executor;
        this.scheduler = scheduler;
        this.clock = clock;
    }

    /** A new leader is known: the next try goes there. */
    void leaderChanged(RaftPeerId newLeader) {
        if (!newLeader.equals(leader)) {
            leader = newLeader;
            discardClient();
        }
        List<Proposal> waiting = List.copyOf(waitingForLeader);
        waitingForLeader.clear();
        waiting.forEach(this::send);
    }

    /** There is no leader any more: proposals wait for the next one. */
    void leaderLost() {
        leader = null;
    }

    /**
     * Proposes a command, from any thread.
     *
     * @return the state machine's reply, whatever it says; fails with METADATA_UNAVAILABLE or
     *     SHUTTING_DOWN
     */
    CompletableFuture<Reply> propose(Command command) {
        CompletableFuture<Reply> answered = new CompletableFuture<>();
        Proposal proposal =
                new Proposal(
                        Message.valueOf(ByteString.copyFrom(command.toByteArray())),
                        answered,
                        clock.monotonicNanos() + PATIENCE.toNanos());
        executor.execute(() -> send(proposal));
        return answered;
    }

    private record Proposal(
            Message command, CompletableFuture<Reply> answered, long deadlineNanos) {}

    private void send(Proposal proposal) {
        if (closed) {
            proposal.answered.completeExceptionally(
                    new ArbalestException(
                            ErrorCode.SHUTTING_DOWN, "this node is stopping", "ask another node"));
            return;
        }
        if (leader == null) {
            waitingForLeader.add(proposal);
            Duration left = Duration.ofNanos(proposal.deadlineNanos - clock.monotonicNanos());
            scheduler.schedule(left, executor, () -> giveUpWaiting(proposal));
            return;
        }
        RaftClient used = client();
        var _ =
                used.async()
                        .send(proposal.command)
                        .whenComplete((reply, failure) ->
                                executor.execute(() -> answered(proposal, used, reply, failure)));
    }

    private RaftClient client() {
        RaftClient open = client;
        if (open == null) {
            open =
                    RaftClient.newBuilder()
                            .setRaftGroup(group)
                            .setProperties(RatisSettings.client())
                            .setLeaderId(leader)
                            .setRetryPolicy(
                                    RetryPolicies.retryUpToMaximumCountWithFixedSleep(
                                            REDIRECTIONS, PAUSE_BETWEEN_REDIRECTIONS))
                            .build();
            client = open;
        }
        return open;
    }

    private void answered(
            Proposal proposal,
            RaftClient used,
            @Nullable RaftClientReply reply,
            @Nullable Throwable failure) {
        if (reply != null && reply.isSuccess()) {
            try {
                proposal.answered.complete(
                        Reply.parseFrom(reply.getMessage().getContent().toByteArray()));
            } catch (InvalidProtocolBufferException e) {
                proposal.answered.completeExceptionally(
                        new ArbalestException(
                                ErrorCode.INTERNAL,
                                "not a metadata reply: " + e.getMessage(),
                                "",
                                e));
            }
            return;
        }
        Throwable why = reply != null ? reply.getException() : failure;
        LOG.log(Level.DEBUG, "proposal not answered, trying again", why);
        if (used.equals(client)) {
            discardClient();
        }
        if (clock.monotonicNanos() >= proposal.deadlineNanos) {
            proposal.answered.completeExceptionally(unavailable(String.valueOf(why), why));
            return;
        }
        scheduler.schedule(PAUSE_BETWEEN_TRIES, executor, () -> send(proposal));
    }

    private void giveUpWaiting(Proposal proposal) {
        if (waitingForLeader.remove(proposal)) {
            proposal.answered.completeExceptionally(unavailable("it has no leader", null));
        }
    }

    private ArbalestException unavailable(String why, @Nullable Throwable cause) {
        return new ArbalestException(
                ErrorCode.METADATA_UNAVAILABLE,
                "the metadata group did not answer within " + PATIENCE.toSeconds() + " s: " + why,
                "see that a majority of its "
                        + group.getPeers().size()
                        + " members runs and reaches each other, then repeat the call",
                cause);
    }

    private void discardClient() {
        RaftClient old = client;
        client = null;
        if (old != null) {
            try {
                old.close();
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "closing a client of the metadata group", e);
            }
        }
    }

    /** Refuses what comes later. */
    void close() {
        closed = true;
        discardClient();
        waitingForLeader.forEach(this::send);
        waitingForLeader.clear();
    }
}
