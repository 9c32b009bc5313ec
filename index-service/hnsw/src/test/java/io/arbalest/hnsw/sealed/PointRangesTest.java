package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** Every point gets its turn once, and nobody works on when the call has returned. */
class PointRangesTest {
    @Test
    void everyPointIsWorkedOnOnce() {
        try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
            for (int threads = 1; threads <= 7; threads++) {
                for (int count : new int[] {0, 1, 2, 6, 100, 10_007}) {
                    AtomicIntegerArray turns = new AtomicIntegerArray(count);
                    PointRanges.on(pool, threads)
                            .run(
                                    count,
                                    (from, to) -> {
                                        assertThat(from).isLessThan(to);
                                        for (int i = from; i < to; i++) {
                                            turns.incrementAndGet(i);
                                        }
                                    });
                    for (int i = 0; i < count; i++) {
                        assertThat(turns.get(i)).isEqualTo(1);
                    }
                }
            }
        }
    }

    @Test
    void aFailureIsTheCallersOnceTheOthersAreDone() {
        try (ExecutorService pool = Executors.newFixedThreadPool(3)) {
            for (int failing = 0; failing < 3; failing++) {
                int bad = failing;
                AtomicInteger done = new AtomicInteger();
                PointRanges ranges = PointRanges.on(pool, 3);
                assertThatThrownBy(() ->
                                ranges.run(
                                        3,
                                        (from, _) -> {
                                            if (from == bad) {
                                                throw new IllegalStateException("of " + from);
                                            }
                                            pause();
                                            done.incrementAndGet();
                                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("of " + bad);
                assertThat(done.get()).isEqualTo(2);
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void noThreadIsRefused() {
        assertThatThrownBy(() -> PointRanges.on(Runnable::run, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("0 threads");
    }
}
