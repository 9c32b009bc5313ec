package io.arbalest.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Reads the YAML file and the environment into {@link Settings}. The environment wins over the
 * file, the file over the defaults. A key that does not exist is an error that names the nearest
 * one that does.
 *
 * <p>Thread-safe: no state.
 */
final class ConfigReader {
    /** A configuration is written by hand; a larger file is a mistake. */
    private static final long MAX_FILE_BYTES = 1 << 20;

    private static final Set<String> MEMBER_KEYS = Set.of("name", "host", "ratis-port");

    private ConfigReader() {}

    /**
     * @param file null: defaults and environment only
     */
    static Settings read(@Nullable Path file, Map<String, String> environment) {
        Map<ConfigKey, Settings.Setting> settings = new EnumMap<>(ConfigKey.class);
        if (file != null) {
            readFile(file, settings);
        }
        readEnvironment(environment, settings);
        return new Settings(settings);
    }

    private static void readFile(Path file, Map<ConfigKey, Settings.Setting> settings) {
        JsonNode root;
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw invalid(
                        file + " has more than " + MAX_FILE_BYTES + " bytes",
                        "give the node's YAML file");
            }
            root = new YAMLMapper().readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw invalid(
                    file + " is not YAML: " + e.getOriginalMessage() + at(e),
                    "compare with node.yaml in the distribution");
        } catch (IOException e) {
            throw invalid("cannot read " + file + ": " + e, "pass an existing file to --config");
        }
        if (root == null || root.isMissingNode() || root.isNull()) {
            return; // an empty file: all defaults
        }
        if (!root.isObject()) {
            throw invalid(file + " does not hold sections with keys", "start with a line 'node:'");
        }
        for (Map.Entry<String, JsonNode> section : root.properties()) {
            if (!section.getValue().isObject()) {
                throw unknown(section.getKey(), file.toString(), sections());
            }
            for (Map.Entry<String, JsonNode> entry : section.getValue().properties()) {
                String path = section.getKey() + "." + entry.getKey();
                ConfigKey key =
                        ConfigKey.ofPath(path)
                                .orElseThrow(() -> unknown(path, file.toString(), paths()));
                settings.put(
                        key,
                        new Settings.Setting(text(key, entry.getValue(), file), file.toString()));
            }
        }
    }

    private static String at(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " at line " + e.getLocation().getLineNr();
    }

    private static String text(ConfigKey key, JsonNode value, Path file) {
        if (key == ConfigKey.CLUSTER_MEMBERS && value.isArray()) {
            List<String> members = new ArrayList<>();
            for (JsonNode member : value) {
                members.add(memberText(member, file));
            }
            return String.join(",", members);
        }
        if (value.isContainerNode()) {
            throw invalid(
                    "configuration key " + key.path() + " in " + file + " is not a single value",
                    key.description());
        }
        return value.isNull() ? "" : value.asText();
    }

    private static String memberText(JsonNode member, Path file) {
        if (!member.isObject()) {
            return member.asText();
        }
        for (Map.Entry<String, JsonNode> entry : member.properties()) {
            if (!MEMBER_KEYS.contains(entry.getKey())) {
                throw unknown(
                        ConfigKey.CLUSTER_MEMBERS.path() + "[]." + entry.getKey(),
                        file.toString(),
                        memberPaths());
            }
        }
        return member.path("name").asText()
                + "@"
                + member.path("host").asText("127.0.0.1")
                + ":"
                + member.path("ratis-port").asText();
    }

    private static void readEnvironment(
            Map<String, String> environment, Map<ConfigKey, Settings.Setting> settings) {
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            String name = variable.getKey();
            if (ConfigKey.claimsEnvironmentName(name)) {
                ConfigKey key =
                        ConfigKey.ofEnvironmentName(name)
                                .orElseThrow(
                                        () -> unknown(name, "the environment", environmentNames()));
                settings.put(key, new Settings.Setting(variable.getValue(), "environment " + name));
            }
        }
    }

    private static List<String> paths() {
        return Arrays.stream(ConfigKey.values()).map(ConfigKey::path).toList();
    }

    private static List<String> sections() {
        return Arrays.stream(ConfigKey.values()).map(ConfigKey::section).distinct().toList();
    }

    private static List<String> memberPaths() {
        return MEMBER_KEYS.stream()
                .sorted()
                .map(key -> ConfigKey.CLUSTER_MEMBERS.path() + "[]." + key)
                .toList();
    }

    private static List<String> environmentNames() {
        return Arrays.stream(ConfigKey.values()).map(ConfigKey::environmentName).toList();
    }

    private static ArbalestException unknown(String name, String where, List<String> candidates) {
        String fix =
                NearestMatch.of(name, candidates)
                        .map(nearest -> "did you mean " + nearest + "?")
                        .orElse("use one of " + String.join(", ", candidates));
        return invalid("unknown configuration key '" + name + "' in " + where, fix);
    }

    private static ArbalestException invalid(String detail, String fix) {
        return new ArbalestException(ErrorCode.INVALID_CONFIGURATION, detail, fix);
    }
}
