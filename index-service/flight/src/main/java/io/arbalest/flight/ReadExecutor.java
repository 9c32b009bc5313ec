package io.arbalest.flight;

import io.arbalest.common.Clock;
import io.arbalest.model.ShardAssignment;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs questions on two pools: what only computes on this node's shards on as many threads as there
 * are processors, what waits (for other nodes, for a token's rows) elsewhere. A node's question to
 * itself, by way of the client, is of the first kind; so the second can wait for it without using
 * up the threads that it needs.
 *
 * <p>Thread-safe.
 */
final class ReadExecutor {
    private final LocalReads local;
    private final RemoteReads remote;
    private final String nodeName;
    private final Executor computing;
    private final Executor waiting;
    private final FlightTelemetry telemetry;
    private final Clock clock;

    ReadExecutor(
            LocalReads local,
            RemoteReads remote,
            String nodeName,
            Executor computing,
            Executor waiting,
            FlightTelemetry telemetry,
            Clock clock) {
        this.local = local;
        this.remote = remote;
        this.nodeName = nodeName;
        this.computing = computing;
        this.waiting = waiting;
        this.telemetry = telemetry;
        this.clock = clock;
    }

    /** Completes with an answer, which may be a refusal; never fails. */
    CompletableFuture<Answer> submit(Question question) {
        long arrived = clock.monotonicNanos();
        boolean here = !question.scope().shards().isEmpty() || ownsAll(question);
        Executor executor = here && question.scope().position() == null ? computing : waiting;
        telemetry.requestsInFlight.incrementAndGet();
        CompletableFuture<Answer> answer;
        try {
            answer =
                    CompletableFuture.supplyAsync(
                            () -> here ? answerHere(question) : ask(question), executor);
        } catch (RejectedExecutionException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.exceptionally(failure -> Answer.refused(Failures.coded(failure)))
                .whenComplete((given, _) -> observe(question, given, arrived));
    }

    private boolean ownsAll(Question question) {
        return question.collection().shards().stream()
                .allMatch(shard -> shard.primary().equals(nodeName));
    }

    private Answer answerHere(Question question) {
        List<Integer> shards = question.scope().shards();
        if (shards.isEmpty()) {
            shards =
                    question.collection().shards().stream()
                            .map(ShardAssignment::shard)
                            .map(id -> id.number())
                            .toList();
        }
        return switch (question) {
            case Question.Search search -> local.search(search, shards);
            case Question.Get get -> local.get(get, shards);
        };
    }

    private Answer ask(Question question) {
        return switch (question) {
            case Question.Search search -> remote.search(search);
            case Question.Get get -> remote.get(get);
        };
    }

    private void observe(Question question, Answer answer, long arrived) {
        telemetry.requestsInFlight.decrementAndGet();
        double seconds = (clock.monotonicNanos() - arrived) / 1e9;
        switch (question) {
            case Question.Search search -> {
                telemetry.queries.add(search.queries().size());
                telemetry.searchSeconds.observe(seconds);
            }
            case Question.Get get -> {
                telemetry.gottenKeys.add(get.keys().size());
                telemetry.getSeconds.observe(seconds);
            }
        }
        if (answer.error() != null) {
            telemetry.failedRequests.add(1);
        }
    }
}
