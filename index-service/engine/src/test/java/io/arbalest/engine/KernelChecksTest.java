package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.simd.KernelSelfTest;
import io.arbalest.simd.KernelSelfTest.Measured;
import io.arbalest.simd.KernelSelfTest.Verdict;
import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimClock;
import io.arbalest.testkit.SimDisk;
import io.arbalest.testkit.SimScheduler;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;

class KernelChecksTest {
    private static final Duration AFTER_OPENING = Duration.ofSeconds(5);

    private final SimClock clock = new SimClock();
    private final SimScheduler scheduler = new SimScheduler(clock, null);
    private final Map<String, DoubleSupplier> gauges = new TreeMap<>();
    private final Deque<Verdict> verdicts = new ArrayDeque<>();
    private int runs;
    private boolean closesMeanwhile;

    private final KernelChecks checks =
            new KernelChecks(env(), scheduler.parallel("merger", 1), this::next);

    private List<Measured> next(int dimension) {
        runs++;
        if (closesMeanwhile) {
            checks.close();
        }
        Verdict verdict = verdicts.size() > 1 ? verdicts.pop() : verdicts.getFirst();
        return List.of(new Measured("fp16", dimension, 512, 10, 100, verdict));
    }

    @Test
    void aDimensionIsTestedOnce() {
        verdicts.add(Verdict.GOOD);
        checks.check(128);
        checks.check(768);
        checks.check(128);
        scheduler.advance(AFTER_OPENING);
        assertThat(runs).isEqualTo(2);
        assertThat(checks.found()).extracting(Measured::dimension).containsExactly(128, 768);
        assertThat(verdict()).isZero();
    }

    /** The start has better uses for the processor and the compiler. */
    @Test
    void nothingIsTestedWhileANodeStarts() {
        verdicts.add(Verdict.GOOD);
        checks.check(128);
        scheduler.advance(AFTER_OPENING.minusMillis(1));
        assertThat(runs).isZero();
        scheduler.advance(Duration.ofMillis(1));
        assertThat(runs).isEqualTo(1);
    }

    @Test
    void aSlowKernelIsTriedAgainUntilItIsGood() {
        verdicts.add(Verdict.SLOW);
        verdicts.add(Verdict.SLOW);
        verdicts.add(Verdict.GOOD);
        checks.check(128);
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(runs).isEqualTo(3);
        assertThat(checks.found()).allMatch(one -> one.verdict() == Verdict.GOOD);
        assertThat(verdict()).isZero();
    }

    @Test
    void aKernelThatStaysSlowIsReportedAndNotTriedForEver() {
        verdicts.add(Verdict.SLOW);
        checks.check(128);
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(runs).isEqualTo(4);
        assertThat(checks.found()).allMatch(one -> one.verdict() == Verdict.SLOW);
        assertThat(verdict()).isEqualTo(1);
    }

    @Test
    void aWrongKernelIsReportedAtOnce() {
        verdicts.add(Verdict.WRONG);
        checks.check(128);
        scheduler.advance(AFTER_OPENING);
        assertThat(runs).isEqualTo(1);
        assertThat(verdict()).isEqualTo(2);
    }

    @Test
    void nothingIsTestedAfterTheEngineEnded() {
        verdicts.add(Verdict.GOOD);
        checks.check(128);
        checks.close();
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(runs).isZero();
    }

    @Test
    void nothingIsSaidOfATestThatEndsAfterTheEngineDid() {
        verdicts.add(Verdict.SLOW);
        closesMeanwhile = true;
        checks.check(128);
        scheduler.advance(Duration.ofMinutes(5));
        assertThat(runs).isEqualTo(1);
        assertThat(checks.found()).isEmpty();
        assertThat(gauges).isEmpty();
    }

    @Test
    void theRealOneFindsTheKernelsOfAllCodes() {
        KernelChecks real =
                new KernelChecks(
                        env(),
                        scheduler.parallel("merger", 1),
                        dimension -> KernelSelfTest.run(dimension, null, null, Clock.SYSTEM));
        real.check(96);
        scheduler.advance(AFTER_OPENING);
        assertThat(real.found()).hasSize(4).noneMatch(one -> one.verdict() == Verdict.WRONG);
        assertThat(gauges.keySet())
                .anyMatch(name -> name.startsWith("arbalest_kernel_nanos_per_row[kernel, signs"));
    }

    private double verdict() {
        return gauges.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("arbalest_kernel_verdict"))
                .mapToDouble(entry -> entry.getValue().getAsDouble())
                .max()
                .orElseThrow();
    }

    private Env env() {
        Metrics kept =
                new Metrics() {
                    @Override
                    public Counter counter(String name, String help, String... labels) {
                        return Metrics.NONE.counter(name, help, labels);
                    }

                    @Override
                    public Histogram histogram(String name, String help, String... labels) {
                        return Metrics.NONE.histogram(name, help, labels);
                    }

                    @Override
                    public void gauge(
                            String name, String help, DoubleSupplier value, String... labels) {
                        gauges.put(name + List.of(labels), value);
                    }

                    @Override
                    public void remove(String label, String value) {}
                };
        return new Env(
                clock,
                scheduler,
                RandomCases.random(1),
                new SimDisk(1),
                ReplicaTransport.NONE,
                directory -> {
                    throw new AssertionError("no store is opened: " + directory);
                },
                kept);
    }
}
