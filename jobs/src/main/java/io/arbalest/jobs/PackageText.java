package io.arbalest.jobs;

import com.fasterxml.jackson.databind.JsonNode;

import io.arbalest.model.ArbalestException;

import java.util.StringJoiner;

/**
 * The text of a Debian package's record that is embedded: the name with {@code -} as a space, the
 * summary twice, the last part of each tag (after {@code ::}), and the text, joined by spaces. The
 * demo's word vectors were made for it.
 *
 * <p>Thread-safe: no state.
 */
public final class PackageText {
    private PackageText() {}

    /**
     * Composes the text.
     *
     * @throws ArbalestException RECORD_FIELD_MISSING or RECORD_FIELD_TYPE; tags and text may be
     *     missing
     */
    public static String compose(JsonNode record) {
        StringJoiner text = new StringJoiner(" ");
        text.add(JsonFields.requiredText(record, "name").replace('-', ' '));
        String summary = JsonFields.requiredText(record, "summary");
        text.add(summary).add(summary);
        for (JsonNode tag : record.path("tags")) {
            String name = tag.asText();
            text.add(name.substring(name.lastIndexOf("::") < 0 ? 0 : name.lastIndexOf("::") + 2));
        }
        text.add(record.path("text").asText(""));
        return text.toString();
    }
}
