package io.arbalest.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.util.TimeUtils;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One section of a configuration file. Every refusal names the full key, what was expected and what
 * came.
 *
 * <p>Immutable.
 */
final class ConfigSection {
    /** A key is offered as the one that was meant if it differs in at most this many letters. */
    private static final int NEAR = 3;

    private final String path;
    private final JsonNode node;

    private ConfigSection(String path, JsonNode node) {
        this.path = path;
        this.node = node;
    }

    /** The whole file; refuses keys that are not among these. */
    static ConfigSection root(JsonNode node, String... keys) {
        return new ConfigSection("", node).withKeys(keys);
    }

    /** An inner section, empty if it is not there; refuses keys that are not among these. */
    ConfigSection section(String key, String... keys) {
        return new ConfigSection(path + key + ".", node.path(key)).withKeys(keys);
    }

    private ConfigSection withKeys(String... known) {
        if (!node.isMissingNode() && !node.isNull() && !node.isObject()) {
            throw invalid(
                    path.isEmpty() ? "the file" : path.substring(0, path.length() - 1),
                    "is no section",
                    "indent keys below it");
        }
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!Arrays.asList(known).contains(name)) {
                String fix =
                        nearest(name, Arrays.asList(known))
                                .map(near -> "did you mean " + path + near + "?")
                                .orElse("known here: " + String.join(", ", known));
                throw invalid(path + name, "is no known key", fix);
            }
        }
        return this;
    }

    boolean has(String key) {
        return !node.path(key).isMissingNode() && !node.path(key).isNull();
    }

    private JsonNode value(String key) {
        return has(key) ? node.path(key) : MissingNode.getInstance();
    }

    /** A text that must be there. */
    String text(String key) {
        String text = text(key, "");
        if (text.isEmpty()) {
            throw invalid(path + key, "is missing", "set it");
        }
        return text;
    }

    String text(String key, String otherwise) {
        JsonNode value = value(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isValueNode()) {
            throw invalid(path + key, "is no text: " + value, "write one value");
        }
        return value.asText();
    }

    long number(String key, long otherwise, long least, long most) {
        JsonNode value = value(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        if (!value.isIntegralNumber() || value.asLong() < least || value.asLong() > most) {
            throw invalid(
                    path + key, "is " + value, "use a whole number from " + least + " to " + most);
        }
        return value.asLong();
    }

    Duration duration(String key, Duration otherwise) {
        JsonNode value = value(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        try {
            return TimeUtils.parseDuration(value.asText());
        } catch (IllegalArgumentException e) {
            throw invalid(
                    path + key, "is no duration: " + value, "write it like 5 ms, 10 s or 2 min");
        }
    }

    /** A list of texts, or one text, or texts with commas between them. */
    List<String> texts(String key) {
        JsonNode value = value(key);
        List<String> texts = new ArrayList<>();
        if (value.isArray()) {
            value.forEach(item -> texts.add(item.asText()));
        } else if (value.isValueNode()) {
            for (String part : value.asText().split(",", -1)) {
                texts.add(part.strip());
            }
        } else if (!value.isMissingNode()) {
            throw invalid(path + key, "is no list: " + value, "write it like [a, b]");
        }
        return List.copyOf(texts);
    }

    /** A section whose keys are free. */
    Map<String, String> map(String key) {
        JsonNode value = value(key);
        if (!value.isMissingNode() && !value.isObject()) {
            throw invalid(path + key, "is no section: " + value, "indent keys below it");
        }
        Map<String, String> map = new LinkedHashMap<>();
        value.properties().forEach(entry -> map.put(entry.getKey(), entry.getValue().asText()));
        return map;
    }

    <E extends Enum<E>> E choice(String key, E otherwise, E[] choices) {
        String text = text(key, otherwise.name());
        for (E choice : choices) {
            if (choice.name().equalsIgnoreCase(text)) {
                return choice;
            }
        }
        String all =
                String.join(
                        ", ",
                        Arrays.stream(choices)
                                .map(c -> c.name().toLowerCase(Locale.ROOT))
                                .toList());
        throw invalid(path + key, "is '" + text + "'", "use one of " + all);
    }

    ArbalestException invalid(String key, String what, String fix) {
        return new ArbalestException(ErrorCode.INVALID_CONFIGURATION, key + " " + what, fix);
    }

    /** The candidate that a mistyped word most likely stands for. */
    static Optional<String> nearest(String word, Collection<String> candidates) {
        return candidates.stream()
                .filter(candidate -> distance(word, candidate) <= NEAR)
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)));
    }

    /** Levenshtein's edit distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
