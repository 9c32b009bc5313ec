package io.arbalest.wal;

import static io.arbalest.wal.LogFixture.append;
import static io.arbalest.wal.LogFixture.expected;
import static io.arbalest.wal.LogFixture.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.testkit.RandomCases;
import io.arbalest.testkit.SimDisk.Fault;
import io.arbalest.testkit.SimDisk.Operation;
import io.arbalest.wal.LogFixture.Fate;
import io.arbalest.wal.LogFixture.Replayed;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Random lives of a log with power cuts: what was told durable is there afterwards, in order, and
 * nothing else but a prefix.
 */
class LogCrashTest {
    private static final int CASES = 300;
    private static final Operation[] OPERATIONS = Operation.values();

    @Test
    void whatWasToldDurableSurvivesPowerCuts() {
        RandomCases.run(CASES, (random, seed) -> live(random, seed, false));
    }

    @Test
    void aDiskThatIgnoresFlushesIsFoundOut() {
        assertThatThrownBy(() -> RandomCases.run(CASES, (random, seed) -> live(random, seed, true)))
                .isInstanceOf(AssertionError.class);
    }

    private static void live(RandomGenerator random, long seed, boolean loseSyncs)
            throws IOException {
        LogFixture fixture = new LogFixture(seed);
        fixture.disk.loseSyncs(loseSyncs);
        fixture.options = LogFixture.batchesOf(random.nextInt(1, 8));
        List<Replayed> sent = new ArrayList<>();
        long released = 1;
        int lives = random.nextInt(1, 5);
        for (int life = 1; life <= lives; life++) {
            int promised = oneLife(fixture, random, life, released, sent);
            fixture.disk.crash();
            try (FileWriteAheadLog log = fixture.open(life)) {
                List<Replayed> found = replay(log, released);
                int skipped = sent.size() - tail(sent, released).size();
                assertThat(found).isEqualTo(tail(sent, released).subList(0, found.size()));
                assertThat(skipped + found.size()).isGreaterThanOrEqualTo(promised);
                while (sent.size() > skipped + found.size()) {
                    sent.removeLast();
                }
                released = random.nextLong(released, log.nextSequenceNumber() + 1);
                log.release(released);
            }
        }
    }

    /**
     * Appends until the power goes or a while has passed; gives how many records were told durable
     * in all.
     */
    private static int oneLife(
            LogFixture fixture,
            RandomGenerator random,
            int term,
            long released,
            List<Replayed> sent)
            throws IOException {
        int promised = sent.size();
        List<Fate> fates = new ArrayList<>();
        FileWriteAheadLog log = fixture.open(term);
        assertThat(replay(log, released)).isEqualTo(tail(sent, released));
        fixture.disk.failAt(
                OPERATIONS[random.nextInt(OPERATIONS.length)], random.nextInt(12), Fault.POWER_CUT);
        for (int i = 0; i < 30 && log.failure() == null; i++) {
            int rows = random.nextInt(1, 10);
            int bytes = random.nextInt(5000);
            long first = log.nextSequenceNumber();
            sent.add(expected(term, first, rows, bytes, i));
            fates.add(append(log, rows, bytes, i));
            if (random.nextInt(3) == 0) {
                fixture.scheduler.advance(
                        fixture.options.markDelay().multipliedBy(random.nextInt(2)));
            }
        }
        for (Fate fate : fates) {
            promised += fate.durable.size();
        }
        return promised;
    }

    private static List<Replayed> tail(List<Replayed> records, long from) {
        return records.stream().filter(record -> record.first() + record.rows() > from).toList();
    }
}
