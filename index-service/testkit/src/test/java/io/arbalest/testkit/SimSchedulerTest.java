package io.arbalest.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Scheduler;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;

class SimSchedulerTest {
    private final SimClock clock = new SimClock();
    private final List<String> ran = new ArrayList<>();

    @Test
    void withoutARandomSourceTasksRunInTheOrderGiven() {
        SimScheduler scheduler = new SimScheduler(clock);
        Scheduler.SerialExecutor a = scheduler.serial("a");
        Scheduler.SerialExecutor b = scheduler.serial("b");
        a.execute(() -> ran.add("a1"));
        b.execute(() -> ran.add("b1"));
        a.execute(() -> ran.add("a2"));
        assertThat(ran).isEmpty();
        scheduler.runUntilIdle();
        assertThat(ran).containsExactly("a1", "b1", "a2");
    }

    @Test
    void aSeedShufflesExecutorsButNeverOneSerialExecutor() {
        Set<List<String>> orders = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            List<String> order = shuffledRun(seed);
            assertThat(shuffledRun(seed)).isEqualTo(order);
            assertThat(order.stream().filter(task -> task.startsWith("a"))).isSorted();
            orders.add(order);
        }
        assertThat(orders).hasSizeGreaterThan(1);
    }

    private static List<String> shuffledRun(long seed) {
        SimScheduler scheduler = new SimScheduler(new SimClock(), RandomCases.random(seed));
        List<String> order = new ArrayList<>();
        for (String role : List.of("a", "b")) {
            Scheduler.SerialExecutor executor = scheduler.serial(role);
            for (int i = 0; i < 4; i++) {
                String task = role + i;
                executor.execute(() -> order.add(task));
            }
        }
        scheduler.runUntilIdle();
        return order;
    }

    @Test
    void timersFireInTimeOrderAtTheirTime() {
        SimScheduler scheduler = new SimScheduler(clock);
        Scheduler.SerialExecutor executor = scheduler.serial("x");
        scheduler.schedule(
                Duration.ofMillis(20), executor, () -> ran.add("20@" + clock.monotonicNanos()));
        scheduler.schedule(
                Duration.ofMillis(10), executor, () -> ran.add("10@" + clock.monotonicNanos()));
        scheduler.schedule(Duration.ofMillis(15), executor, () -> ran.add("15")).cancel();
        scheduler.advance(Duration.ofMillis(9));
        assertThat(ran).isEmpty();
        scheduler.advance(Duration.ofMillis(100));
        assertThat(ran).containsExactly("10@10000000", "20@20000000");
        assertThat(clock.wallMillis()).isEqualTo(SimClock.START_WALL_MILLIS + 109);
    }

    @Test
    void runUntilMovesTheClockNoFurtherThanNeeded() {
        SimScheduler scheduler = new SimScheduler(clock);
        scheduler.schedule(Duration.ofSeconds(5), scheduler.serial("x"), () -> ran.add("done"));
        assertThat(scheduler.runUntil(() -> !ran.isEmpty(), Duration.ofSeconds(4))).isFalse();
        assertThat(scheduler.runUntil(() -> !ran.isEmpty(), Duration.ofSeconds(6))).isTrue();
        assertThat(clock.monotonicNanos()).isEqualTo(5_000_000_000L);
    }

    @Test
    void aClosedExecutorDropsItsTasks() {
        SimScheduler scheduler = new SimScheduler(clock);
        Scheduler.SerialExecutor executor = scheduler.serial("x");
        executor.execute(() -> ran.add("never"));
        scheduler.schedule(Duration.ofMillis(1), executor, () -> ran.add("never"));
        executor.close();
        scheduler.advance(Duration.ofSeconds(1));
        assertThat(ran).isEmpty();
        assertThatThrownBy(() -> executor.execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
    }
}
