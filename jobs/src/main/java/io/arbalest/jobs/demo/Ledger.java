package io.arbalest.jobs.demo;

import io.arbalest.model.Version;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What the broker has acknowledged: for each event of the scenario the record's timestamp and
 * offset, which are its version.
 *
 * <p>Thread-safe.
 */
final class Ledger {
    private static final long NOT_ACKNOWLEDGED = -1;

    private final Scenario scenario;
    private final long[] timestamps;
    private final long[] offsets;
    private long acknowledged;

    Ledger(Scenario scenario) {
        this.scenario = scenario;
        timestamps = new long[scenario.events().size()];
        offsets = new long[scenario.events().size()];
        Arrays.fill(offsets, NOT_ACKNOWLEDGED);
    }

    /** What the index must hold for a key. */
    record Expected(String key, String value, Version version) {}

    /** Notes that an event is in the topic. */
    synchronized void acknowledge(int event, long timestamp, long offset) {
        timestamps[event] = timestamp;
        offsets[event] = offset;
        acknowledged++;
    }

    /** How many events are in the topic. */
    synchronized long acknowledged() {
        return acknowledged;
    }

    /** Whether all are. */
    boolean complete() {
        return acknowledged() == scenario.events().size();
    }

    /** The version of an event that is in the topic. */
    private Version version(int event) {
        return new Version(0, timestamps[event], offsets[event]);
    }

    /**
     * The exact content that the topic leaves behind: for each key its highest version, without the
     * deleted keys.
     */
    synchronized List<Expected> expected() {
        Map<String, Integer> last = new HashMap<>();
        List<Scenario.Event> events = scenario.events();
        for (int event = 0; event < events.size(); event++) {
            if (events.get(event).malformed() == null && offsets[event] != NOT_ACKNOWLEDGED) {
                String key = events.get(event).key();
                Integer known = last.get(key);
                if (known == null || version(event).compareTo(version(known)) > 0) {
                    last.put(key, event);
                }
            }
        }
        List<Expected> expected = new ArrayList<>(last.size());
        last.forEach((key, event) -> {
            if (events.get(event).value() != null) {
                expected.add(
                        new Expected(
                                key,
                                Objects.requireNonNull(events.get(event).value()),
                                version(event)));
            }
        });
        return expected;
    }

    /** Keys that were written and deleted again. */
    synchronized List<String> deletedKeys() {
        return scenario.events().stream()
                .filter(event -> event.value() == null)
                .map(Scenario.Event::key)
                .toList();
    }
}
