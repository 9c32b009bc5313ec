package io.arbalest.client;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.protocol.ErrorCodec;
import io.arbalest.protocol.FlightErrors;
import io.arbalest.protocol.wire.MissingShard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * One read, sent to the primaries of its shards in parallel. A shard whose node does not answer, or
 * is no longer its owner, is asked for once more after the image was refreshed; what is then still
 * missing is told, with the reason.
 *
 * <p>Confined to the caller's thread.
 */
final class FanOut {
    private static final int ROUNDS = 2;

    /** How much longer than its timeout a node may take to say that time is up. */
    private static final Duration GRACE = Duration.ofMillis(500);

    /** What a fresh image or stream may cure. */
    private static final Set<ErrorCode> REROUTED =
            EnumSet.of(
                    ErrorCode.UNREACHABLE,
                    ErrorCode.NOT_OWNER,
                    ErrorCode.WRONG_TERM,
                    ErrorCode.STALE_INCARNATION);

    /** Codes below are about the request itself: no shard can answer it. */
    private static final int FIRST_STATE_CODE = 2000;

    private record Sent(List<Integer> shards, CompletableFuture<Answer> answer) {}

    private final ClusterView view;
    private final NodeConnections connections;
    private final CollectionDefinition definition;
    private final long deadlineNanos;
    private final List<Answer> answers = new ArrayList<>();
    private final Map<Integer, ArbalestException> missing = new TreeMap<>();

    FanOut(
            ClusterView view,
            NodeConnections connections,
            CollectionDefinition definition,
            Duration timeout) {
        this.view = view;
        this.connections = connections;
        this.definition = definition;
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    }

    List<Answer> answers() {
        return answers;
    }

    Map<Integer, ArbalestException> missing() {
        return missing;
    }

    /** Asks; refused at once with the node's error if the request itself is wrong. */
    void ask(Collection<Integer> shards, Function<List<Integer>, ReadRequest> request) {
        Set<Integer> open = new LinkedHashSet<>(shards);
        for (int round = 0; round < ROUNDS && !open.isEmpty(); round++) {
            if (round > 0 && (System.nanoTime() >= deadlineNanos || !refreshed())) {
                return;
            }
            List<Sent> sent = send(open, request);
            open.clear();
            sent.forEach(one -> await(one, open));
        }
    }

    private boolean refreshed() {
        try {
            view.refresh();
            return true;
        } catch (ArbalestException e) {
            return false; // the reasons of the first round say more
        }
    }

    private List<Sent> send(Set<Integer> shards, Function<List<Integer>, ReadRequest> request) {
        ClusterImage image = view.image();
        ClusterImage.Collection now = image.requireCollection(definition.name());
        if (!now.definition().incarnation().equals(definition.incarnation())) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "collection '"
                            + definition.name()
                            + "' was dropped and created again meanwhile",
                    "call again");
        }
        Map<String, List<Integer>> byNode = new TreeMap<>();
        now.shards().stream()
                .filter(shard -> shards.contains(shard.shard().number()))
                .forEach(shard ->
                        byNode.computeIfAbsent(shard.primary(), node -> new ArrayList<>())
                                .add(shard.shard().number()));
        List<Sent> sent = new ArrayList<>();
        byNode.forEach((node, numbers) -> {
            try {
                sent.add(
                        new Sent(
                                numbers,
                                connections
                                        .toNode(image, node)
                                        .reads()
                                        .send(request.apply(numbers))));
            } catch (ArbalestException e) {
                sent.add(new Sent(numbers, CompletableFuture.failedFuture(e)));
            }
        });
        return sent;
    }

    private void await(Sent sent, Set<Integer> open) {
        try {
            long wait = deadlineNanos + GRACE.toNanos() - System.nanoTime();
            Answer answer = sent.answer.get(Math.max(0, wait), TimeUnit.NANOSECONDS);
            if (answer.header().hasError()) {
                lost(sent.shards, ErrorCodec.fromWire(answer.header().getError()), open);
                return;
            }
            sent.shards.forEach(missing::remove);
            answers.add(answer);
            for (MissingShard shard : answer.header().getMissingList()) {
                lost(List.of(shard.getShard()), ErrorCodec.fromWire(shard.getError()), open);
            }
        } catch (TimeoutException e) {
            lost(
                    sent.shards,
                    new ArbalestException(
                            ErrorCode.DEADLINE_EXCEEDED,
                            "no answer in time",
                            "raise the timeout or lower the load",
                            e),
                    open);
        } catch (ExecutionException e) {
            lost(
                    sent.shards,
                    FlightErrors.fromFlight(e.getCause() == null ? e : e.getCause(), "a node"),
                    open);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "interrupted while waiting for an answer",
                    "call again",
                    e);
        }
    }

    private void lost(List<Integer> shards, ArbalestException why, Set<Integer> open) {
        if (why.code().number() < FIRST_STATE_CODE && !why.code().retryable()) {
            throw why;
        }
        shards.forEach(shard -> missing.put(shard, why));
        if (REROUTED.contains(why.code())) {
            open.addAll(shards);
        }
    }
}
