package io.arbalest.server;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The effective text of every key and where it came from, before it is checked for its meaning.
 *
 * <p>Immutable.
 */
final class Settings {
    /**
     * One value.
     *
     * @param origin {@code default}, the file, or the environment variable
     */
    record Setting(String text, String origin) {}

    private final Map<ConfigKey, Setting> settings;

    Settings(Map<ConfigKey, Setting> given) {
        Map<ConfigKey, Setting> all = new EnumMap<>(ConfigKey.class);
        for (ConfigKey key : ConfigKey.values()) {
            Setting setting = given.get(key);
            all.put(key, setting == null ? new Setting(key.defaultText(), "default") : setting);
        }
        this.settings = all;
    }

    Setting of(ConfigKey key) {
        Setting setting = settings.get(key);
        if (setting == null) {
            throw new IllegalStateException("no setting for " + key);
        }
        return setting;
    }

    /** Non-empty text. */
    String text(ConfigKey key) {
        String text = of(key).text();
        if (text.isBlank()) {
            throw invalid(
                    key,
                    "is empty",
                    "give it a value or remove it to get the default " + key.defaultText());
        }
        return text;
    }

    /** A whole number in a range. */
    long number(ConfigKey key, long least, long most) {
        String text = text(key);
        try {
            long value = Long.parseLong(text.strip());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw invalid(
                    key,
                    "is '" + text + "', which is not a whole number",
                    "use " + least + ".." + most);
        }
        throw invalid(key, "is " + text + ", which is out of range", "use " + least + ".." + most);
    }

    /** The error for a value that does not fit. */
    ArbalestException invalid(ConfigKey key, String what, String fix) {
        return new ArbalestException(
                ErrorCode.INVALID_CONFIGURATION,
                "configuration key " + key.path() + " (from " + of(key).origin() + ") " + what,
                fix);
    }

    /** One line a key: {@code key = value # origin}, in the order of {@link ConfigKey}. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (ConfigKey key : ConfigKey.values()) {
            Setting setting = of(key);
            lines.add(
                    String.format(
                            "%-28s = %s  # %s", key.path(), setting.text(), setting.origin()));
        }
        return lines;
    }
}
