package io.arbalest.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.Clock;
import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.io.uring.DiskSelection.Backend;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** The log with real threads on the machine's file system. */
@Timeout(120)
class LogOnDiskTest {
    private static final Logger LOG = System.getLogger(LogOnDiskTest.class.getName());
    private static final int APPENDERS = 4;
    private static final int RECORDS = 250;
    private static final int BODY_BYTES = 2000;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    @ParameterizedTest
    @EnumSource(names = {"AUTO", "FILECHANNEL"})
    void manyAppendersGetDenseNumbersInOrderAndFindTheirRecordsAgain(Backend backend)
            throws Exception {
        WalOptions options = WalOptions.DEFAULTS.withFileBytes(1 << 20);
        Map<Long, Integer> sent = new ConcurrentHashMap<>();
        try (SystemScheduler scheduler = new SystemScheduler()) {
            LogEnvironment environment =
                    new LogEnvironment(
                            DiskSelection.select(backend, directory).disk(),
                            scheduler,
                            Clock.SYSTEM,
                            RandomGenerator.getDefault(),
                            Metrics.NONE,
                            List.of());
            try (FileWriteAheadLog log =
                    FileWriteAheadLog.open(
                            directory, LogFixture.IDENTITY, 1, options, environment)) {
                Executor appenders = scheduler.parallel("appender", APPENDERS);
                long start = System.nanoTime();
                List<CompletableFuture<Void>> all = new ArrayList<>();
                for (int appender = 0; appender < APPENDERS; appender++) {
                    int number = appender;
                    all.add(
                            CompletableFuture.runAsync(
                                    () -> appendAll(log, number, sent), appenders));
                }
                CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                        .get(100, TimeUnit.SECONDS);
                LOG.log(
                        Level.INFO,
                        "{0} records by {1} appenders in {2} ms",
                        APPENDERS * RECORDS,
                        APPENDERS,
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
                assertThat(log.durableSequenceNumber()).isEqualTo((long) APPENDERS * RECORDS);
            }
            Map<Long, Integer> found = new HashMap<>();
            AtomicLong next = new AtomicLong(1);
            try (FileWriteAheadLog log =
                    FileWriteAheadLog.open(
                            directory, LogFixture.IDENTITY, 2, options, environment)) {
                log.replay(
                        1,
                        (_, _, first, _, body) -> {
                            assertThat(first).isEqualTo(next.getAndIncrement());
                            found.put(first, (int) body.get(WalFormat.U8, BODY_BYTES - 1));
                        });
            }
            assertThat(found).isEqualTo(sent);
        }
    }

    private static void appendAll(FileWriteAheadLog log, int appender, Map<Long, Integer> sent) {
        for (int i = 0; i < RECORDS; i++) {
            CompletableFuture<Long> durable = new CompletableFuture<>();
            long first =
                    log.append(
                            RecordType.ROWS,
                            1,
                            List.of(LogFixture.body(BODY_BYTES, appender)),
                            new WriteAheadLog.Callback() {
                                @Override
                                public void durable(long firstSequenceNumber) {
                                    durable.complete(firstSequenceNumber);
                                }

                                @Override
                                public void failed(Throwable cause) {
                                    durable.completeExceptionally(cause);
                                }
                            });
            assertThat(durable.orTimeout(60, TimeUnit.SECONDS).join()).isEqualTo(first);
            assertThat(sent.put(first, appender)).isNull();
        }
    }
}
