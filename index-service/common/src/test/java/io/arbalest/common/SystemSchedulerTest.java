package io.arbalest.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

@Timeout(60)
class SystemSchedulerTest {
    private final SystemScheduler scheduler = new SystemScheduler();

    @AfterEach
    void close() {
        scheduler.close();
    }

    @Test
    void serialTasksRunInOrderOnOneDaemonThreadNamedAfterTheRole() throws Exception {
        List<Integer> order = new ArrayList<>();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        try (Scheduler.SerialExecutor serial = scheduler.serial("wal-writer")) {
            for (int i = 0; i < 1000; i++) {
                int number = i;
                serial.execute(() -> order.add(number));
            }
            serial.execute(() -> thread.complete(Thread.currentThread()));
            assertThat(thread.get(30, TimeUnit.SECONDS).getName()).isEqualTo("wal-writer");
            assertThat(thread.join().isDaemon()).isTrue();
        }
        assertThat(order).hasSize(1000).isSorted();
    }

    @Test
    void parallelTasksRunAtTheSameTime() throws Exception {
        Executor parallel = scheduler.parallel("search", 3);
        CyclicBarrier all = new CyclicBarrier(4);
        for (int i = 0; i < 3; i++) {
            parallel.execute(() -> await(all));
        }
        all.await(30, TimeUnit.SECONDS);
    }

    @Test
    void eachThreadIsToldItsRoleBeforeItsFirstTask() throws Exception {
        List<String> entered = Collections.synchronizedList(new ArrayList<>());
        try (SystemScheduler told =
                new SystemScheduler(
                        role -> entered.add(role + " " + Thread.currentThread().getName()))) {
            CompletableFuture<List<String>> seen = new CompletableFuture<>();
            told.parallel("merger", 2).execute(() -> seen.complete(List.copyOf(entered)));
            assertThat(seen.get(30, TimeUnit.SECONDS)).containsExactly("merger merger");
        }
    }

    @Test
    void aTaskThatThrowsDoesNotStopTheExecutor() throws Exception {
        try (Scheduler.SerialExecutor serial = scheduler.serial("fragile")) {
            CompletableFuture<Boolean> ran = new CompletableFuture<>();
            serial.execute(() -> {
                throw new IllegalStateException("expected by the test");
            });
            serial.execute(() -> ran.complete(true));
            assertThat(ran.get(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void closingWaitsForTheRunningTaskWithoutInterruptingItAndDropsTheWaitingOnes()
            throws Exception {
        Scheduler.SerialExecutor serial = scheduler.serial("closing");
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        AtomicInteger waitingRan = new AtomicInteger();
        serial.execute(() -> {
            started.countDown();
            try {
                go.await();
                interrupted.complete(false);
            } catch (InterruptedException e) {
                interrupted.complete(true);
            }
        });
        started.await();
        serial.execute(waitingRan::incrementAndGet);
        scheduler.schedule(Duration.ofMillis(20), scheduler.serial("helper"), go::countDown);
        serial.close();
        assertThat(interrupted.getNow(true)).isFalse();
        assertThat(waitingRan).hasValue(0);
        assertThatThrownBy(() -> serial.execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void aTaskMayCloseItsOwnExecutor() throws Exception {
        Scheduler.SerialExecutor serial = scheduler.serial("self-closing");
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        serial.execute(() -> {
            serial.close();
            closed.complete(true);
        });
        assertThat(closed.get(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aDelayedTaskRunsUnlessCancelled() throws Exception {
        Scheduler.SerialExecutor serial = scheduler.serial("delayed");
        AtomicInteger cancelledRan = new AtomicInteger();
        Scheduler.Cancellable cancelled =
                scheduler.schedule(Duration.ofHours(1), serial, cancelledRan::incrementAndGet);
        cancelled.cancel();
        CompletableFuture<Boolean> ran = new CompletableFuture<>();
        scheduler.schedule(Duration.ofMillis(1), serial, () -> ran.complete(true));
        assertThat(ran.get(30, TimeUnit.SECONDS)).isTrue();
        assertThat(cancelledRan).hasValue(0);
    }

    @Test
    void afterClosingNothingIsTaken() {
        Scheduler.SerialExecutor before = scheduler.serial("before");
        scheduler.close();
        scheduler.close();
        assertThatThrownBy(() -> before.execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(() -> scheduler.serial("after").execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
