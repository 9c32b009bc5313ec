package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.append;
import static io.arbalest.wal.LogFixture.expected;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.testkit.RandomCases;
import io.arbalest.wal.LogFixture.Fate;
import io.arbalest.wal.LogFixture.Replayed;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * The power goes, or the process is killed, between two steps of preparing, beginning, letting go
 * and using again a file of the log, at each of the named moments: what was told durable is there
 * afterwards, and nothing of a file's earlier life.
 */
class LogCrashPointsTest {
    private static final int CASES = 800;

    /** Every moment between two steps with the log's files. */
    private static final List<String> CRASH_POINTS =
            List.of(
                    "log-batch.under-way",
                    "log-batch.written",
                    "log-file.created",
                    "log-file.reopened",
                    "log-file.adopted",
                    "log-file.leftover-removed",
                    "log-file.leftovers-settled",
                    "log-file.header-written",
                    "log-file.named",
                    "log-file.begun",
                    "log-file.let-go",
                    "log-file.deleted",
                    "log-file.let-go-settled");

    /** How often a life was ended at each of them. */
    private final Map<String, Integer> crashed = new TreeMap<>();

    /** All that the log came to. */
    private final Set<String> met = new TreeSet<>();

    /** The end of a process. */
    private static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash(String point) {
            super(point);
        }
    }

    @Test
    void aPowerCutAtEachStepWithFilesLosesNothingDurable() {
        RandomCases.runUntil(
                CASES,
                10 * CASES,
                () -> crashed.keySet().containsAll(CRASH_POINTS),
                (random, seed) -> new Run(random, seed).lives());
        assertThat(met).as("points at which no life is ended").isSubsetOf(CRASH_POINTS);
    }

    /**
     * The old name of a file that a killed process has let go may come back with the next power
     * cut; the file must not have got another header by then.
     */
    @Test
    void aFileThatAKilledProcessLetGoIsNotWrittenBeforeItsNameIsGoneForGood() throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            LogFixture fixture = new LogFixture(seed);
            FileWriteAheadLog log = fixture.open();
            for (int i = 1; !fixture.disk.exists(fixture.file(3)); i++) {
                append(log, 1, 9000, i);
                // One by one, so that no other file is ready when the third has been begun.
                while (!fixture.disk.exists(fixture.file(3)) && fixture.scheduler.runOne()) {}
            }
            long durable = log.durableSequenceNumber();
            endAt(fixture, "log-file.let-go");
            assertThatThrownBy(() -> log.release(durable + 1)).isInstanceOf(Crash.class);
            fixture.kill();
            endAt(fixture, "log-file.header-written");
            assertThatThrownBy(fixture::open).isInstanceOf(Crash.class);
            fixture.crash();
            try (FileWriteAheadLog reopened = fixture.open()) {
                assertThat(reopened.durableSequenceNumber()).isEqualTo(durable);
            }
        }
    }

    private static void endAt(LogFixture fixture, String point) {
        fixture.crashPoints =
                name -> {
                    if (name.equals(point)) {
                        fixture.disk.cutPower();
                        throw new Crash(name);
                    }
                };
    }

    /** Several lives of one log. */
    private final class Run {
        final LogFixture fixture;
        final RandomGenerator random;
        final List<Replayed> sent = new ArrayList<>();
        int term = 1;
        int promised;
        long released = 1;
        boolean powerIsOff;
        boolean killed;

        Run(RandomGenerator random, long seed) {
            this.random = random;
            this.fixture = new LogFixture(seed);
            fixture.options = LogFixture.batchesOf(random.nextInt(1, 8));
        }

        void lives() throws IOException {
            int lives = 2 + random.nextInt(5);
            for (int life = 0; life < lives; life++) {
                if (!killed && random.nextBoolean() && fixture.disk.exists(LogFixture.DIRECTORY)) {
                    // What a process leaves that ends while it writes a new file's zeros.
                    fixture.disk.publish(
                            LogFixture.DIRECTORY.resolve("spare-99.tmp"),
                            new byte[LogFixture.BLOCK]);
                }
                crashAt(choosePoint());
                try {
                    live();
                } catch (IOException | Crash e) {
                    assertThat(powerIsOff).as("%s", e).isTrue();
                }
                killed = random.nextBoolean();
                if (killed) {
                    fixture.kill(); // what was not synced may still be lost by the next power cut
                } else {
                    fixture.crash();
                }
                powerIsOff = false;
                term++;
            }
            try (FileWriteAheadLog log = fixture.open(term)) {
                settle(log);
            }
        }

        /** After a kill rather the moments at which a file of the earlier life is written again. */
        String choosePoint() {
            List<String> points =
                    killed && random.nextBoolean()
                            ? List.of("log-file.header-written", "log-file.named")
                            : CRASH_POINTS;
            return points.get(random.nextInt(points.size()));
        }

        void crashAt(String point) {
            int[] left = {1 + random.nextInt(3)};
            fixture.crashPoints =
                    name -> {
                        met.add(name);
                        if (name.equals(point) && --left[0] == 0) {
                            crashed.merge(name, 1, Integer::sum);
                            powerIsOff = true;
                            fixture.disk.cutPower();
                            throw new Crash(name);
                        }
                    };
        }

        /** Appends and lets go, until the power goes or a while has passed. */
        void live() throws IOException {
            List<Fate> fates = new ArrayList<>();
            FileWriteAheadLog log = fixture.open(term);
            try {
                settle(log);
                for (int i = 0; i < 40 && log.failure() == null; i++) {
                    int rows = random.nextInt(1, 10);
                    int bytes = random.nextInt(9000);
                    long first = log.nextSequenceNumber();
                    sent.add(expected(term, first, rows, bytes, i));
                    fates.add(append(log, rows, bytes, i));
                    if (random.nextInt(3) == 0) {
                        fixture.scheduler.runUntilIdle();
                    }
                    if (random.nextInt(6) == 0) {
                        long below = log.durableSequenceNumber() + 1;
                        long upTo = random.nextLong(released, Math.max(released, below) + 1);
                        released = upTo; // before: a crash on the way may have let some go
                        log.release(upTo);
                    }
                }
                if (random.nextBoolean()) {
                    log.close();
                }
            } finally {
                for (Fate fate : fates) {
                    promised += fate.durable.size();
                }
            }
        }

        /** Compares what is there with what was sent, and counts on it from now on. */
        void settle(FileWriteAheadLog log) throws IOException {
            int skipped = sent.size() - tail().size();
            List<Replayed> found = replay(log, released);
            assertThat(skipped + found.size())
                    .as("records that are there")
                    .isBetween(promised, sent.size());
            assertThat(found).isEqualTo(tail().subList(0, found.size()));
            while (sent.size() > skipped + found.size()) {
                sent.removeLast();
            }
            promised = sent.size();
        }

        List<Replayed> tail() {
            return sent.stream()
                    .filter(record -> record.first() + record.rows() > released)
                    .toList();
        }
    }
}
