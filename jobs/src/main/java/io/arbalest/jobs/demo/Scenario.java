package io.arbalest.jobs.demo;

import com.fasterxml.jackson.databind.node.ObjectNode;

import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What is sent, in order: every record of the catalogue once, and among them records that are
 * updated later, keys that are deleted again, and malformed records, each of which must come out as
 * a dead letter with a known code.
 *
 * <p>Immutable.
 *
 * @param events in sending order
 * @param catalogueRecords how many of them are first writes of the catalogue
 * @param malformed how many dead letters of each code must come out
 */
record Scenario(
        List<Event> events,
        int catalogueRecords,
        int updates,
        int deletes,
        Map<ErrorCode, Integer> malformed) {
    private static final long SEED = 11L;
    private static final int MOST_UPDATES = 50;
    private static final int MOST_DELETES = 20;
    private static final int MALFORMED_ROUNDS = 2;
    private static final int TOO_LONG = 600;

    /**
     * One record of the topic.
     *
     * @param value null: a tombstone
     * @param malformed the code with which it must be refused, or null if it is good
     */
    record Event(String key, @Nullable String value, @Nullable ErrorCode malformed) {}

    /** The scenario for these lines. */
    static Scenario of(List<String> lines) {
        Random random = new Random(SEED);
        List<Event> events = new ArrayList<>(lines.size() + 200);
        lines.forEach(line -> events.add(new Event(Catalogue.name(line), line, null)));
        int updates = Math.min(MOST_UPDATES, lines.size() / 10);
        for (int i = 0; i < updates; i++) {
            int first = random.nextInt(events.size() / 2);
            Event original = events.get(first);
            ObjectNode changed = (ObjectNode) Catalogue.parse(String.valueOf(original.value()));
            changed.put("priority", "updated-" + i);
            insertAfter(events, first, new Event(original.key(), changed.toString(), null), random);
        }
        int deletes = Math.min(MOST_DELETES, lines.size() / 10);
        for (int i = 0; i < deletes; i++) {
            String key = "deleted-again-" + i;
            ObjectNode extra =
                    (ObjectNode) Catalogue.parse(lines.get(random.nextInt(lines.size())));
            extra.put("name", key);
            int position = random.nextInt(events.size() / 2 + 1);
            events.add(position, new Event(key, extra.toString(), null));
            insertAfter(events, position, new Event(key, null, null), random);
        }
        Map<ErrorCode, Integer> malformed = new LinkedHashMap<>();
        for (int round = 0; round < MALFORMED_ROUNDS; round++) {
            for (Event event : malformed(round)) {
                events.add(random.nextInt(events.size() + 1), event);
                malformed.merge(
                        java.util.Objects.requireNonNull(event.malformed()), 1, Integer::sum);
            }
        }
        return new Scenario(
                List.copyOf(events), lines.size(), updates, deletes, Map.copyOf(malformed));
    }

    private static void insertAfter(List<Event> events, int first, Event event, Random random) {
        events.add(first + 1 + random.nextInt(events.size() - first), event);
    }

    private static List<Event> malformed(int round) {
        String name = "malformed-" + round;
        ObjectNode good = Catalogue.JSON.createObjectNode();
        good.put("name", name)
                .put("version", "1.0")
                .put("section", "misc")
                .put("priority", "optional");
        good.put("installed_kb", 1)
                .put("maintainer", "Demo")
                .put("summary", "a package that does not exist");
        good.putArray("tags");
        good.put("text", "a package that does not exist");
        ObjectNode withoutName = good.deepCopy();
        withoutName.remove("name");
        ObjectNode wordless = good.deepCopy();
        wordless.put("name", "qxzzj-" + round).put("summary", "qxzzj vvwqk").put("text", "zzqxj");
        ObjectNode wrongType = good.deepCopy();
        wrongType.put("installed_kb", "a lot");
        ObjectNode longName = good.deepCopy();
        String tooLong = "x".repeat(TOO_LONG);
        longName.put("name", tooLong);
        return List.of(
                new Event(name + "-text", "this is not JSON: {", ErrorCode.RECORD_NOT_JSON),
                new Event(
                        name + "-nameless", withoutName.toString(), ErrorCode.RECORD_FIELD_MISSING),
                new Event(name + "-wordless", wordless.toString(), ErrorCode.NO_KNOWN_WORD),
                new Event(name + "-type", wrongType.toString(), ErrorCode.RECORD_FIELD_TYPE),
                new Event(tooLong, longName.toString(), ErrorCode.KEY_TOO_LONG));
    }
}
