package io.arbalest.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.model.ErrorCode;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

class ScenarioTest {
    private static final Path DATA = Path.of("src", "main", "demo-data", "debian-packages");

    private final List<String> lines = Catalogue.read(DATA, 1000);
    private final Scenario scenario = Scenario.of(lines);

    @Test
    void sendsEveryRecordAndWhatMustGoWrong() {
        assertThat(lines).hasSize(1000);
        assertThat(scenario.updates()).isEqualTo(50);
        assertThat(scenario.deletes()).isEqualTo(20);
        assertThat(scenario.malformed())
                .containsOnlyKeys(
                        ErrorCode.RECORD_NOT_JSON,
                        ErrorCode.RECORD_FIELD_MISSING,
                        ErrorCode.RECORD_FIELD_TYPE,
                        ErrorCode.NO_KNOWN_WORD,
                        ErrorCode.KEY_TOO_LONG);
        int malformed = scenario.malformed().values().stream().mapToInt(Integer::intValue).sum();
        assertThat(scenario.events()).hasSize(1000 + 50 + 2 * 20 + malformed);
    }

    @Test
    void isTheSameEveryTime() {
        assertThat(Scenario.of(lines)).isEqualTo(scenario);
    }

    @Test
    void updatesAndTombstonesFollowWhatTheyChange() {
        Map<String, Integer> firsts = new HashMap<>();
        List<Scenario.Event> events = scenario.events();
        for (int i = 0; i < events.size(); i++) {
            Scenario.Event event = events.get(i);
            if (event.malformed() == null) {
                boolean change =
                        event.value() == null || event.value().contains("\"priority\":\"updated-");
                assertThat(firsts.containsKey(event.key())).as(event.key()).isEqualTo(change);
                firsts.putIfAbsent(event.key(), i);
            }
        }
    }

    @Test
    void theLedgerExpectsTheHighestVersionOfEveryKeyThatIsNotDeleted() {
        Ledger ledger = new Ledger(scenario);
        assertThat(ledger.expected()).isEmpty();
        for (int event = 0; event < scenario.events().size(); event++) {
            assertThat(ledger.complete()).isFalse();
            ledger.acknowledge(event, 1_000 + event / 10, event);
        }
        assertThat(ledger.complete()).isTrue();
        List<Ledger.Expected> expected = ledger.expected();
        assertThat(expected).hasSize(1000);
        assertThat(expected.stream().map(Ledger.Expected::key)).doesNotHaveDuplicates();
        assertThat(new HashSet<>(ledger.deletedKeys())).hasSize(20);
        long updated =
                expected.stream()
                        .filter(row -> row.value().contains("\"priority\":\"updated-"))
                        .count();
        assertThat(updated).isPositive().isLessThanOrEqualTo(50);
        Map<String, Version> versions = new HashMap<>();
        for (int event = 0; event < scenario.events().size(); event++) {
            versions.put(
                    scenario.events().get(event).key(), new Version(0, 1_000 + event / 10, event));
        }
        assertThat(expected)
                .allSatisfy(row -> assertThat(row.version()).isEqualTo(versions.get(row.key())));
    }

    @Test
    void namesAreReadWithoutParsing() {
        for (String line : lines) {
            assertThat(Catalogue.name(line)).isEqualTo(Catalogue.parse(line).path("name").asText());
        }
        assertThat(Catalogue.name("{\"name\":\"a\\\"b\",\"version\":\"1\"}")).isEqualTo("a\"b");
    }

    @Test
    void theRateGrowsEvenlyAndThenStays() {
        assertThat(Replay.dueSeconds(0, 1000)).isZero();
        for (int event = 1; event < 20_000; event++) {
            double gap = Replay.dueSeconds(event, 1000) - Replay.dueSeconds(event - 1, 1000);
            assertThat(gap).isPositive();
            if (event > 10_000) {
                assertThat(gap).isCloseTo(0.001, org.assertj.core.data.Offset.offset(1e-9));
            }
        }
    }

    @Test
    void percentilesAreExact() {
        List<Long> samples = new ArrayList<>();
        for (long i = 1; i <= 100; i++) {
            samples.add(i);
        }
        long[] sorted = samples.stream().mapToLong(Long::longValue).toArray();
        assertThat(FreshnessProbe.percentile(sorted, 0.5)).isEqualTo(50);
        assertThat(FreshnessProbe.percentile(sorted, 0.99)).isEqualTo(99);
        assertThat(FreshnessProbe.percentile(sorted, 1)).isEqualTo(100);
        assertThat(FreshnessProbe.percentile(new long[0], 0.5)).isZero();
        assertThat(FreshnessProbe.percentile(new long[] {7}, 0.99)).isEqualTo(7);
    }
}
