package io.arbalest.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Checks that a text is one JSON value (RFC 8259) within {@link WireLimits#MAX_JSON_BYTES} and
 * {@link WireLimits#MAX_JSON_DEPTH}. The text itself is what is kept.
 *
 * <p>Thread-safe: no state.
 */
final class JsonText {
    /** What the parser adds about where an object began, in its own terms. */
    private static final String START_MARKER = " \\(start marker at .*";

    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(WireLimits.MAX_JSON_DEPTH)
                                    .maxDocumentLength(WireLimits.MAX_JSON_BYTES)
                                    .build())
                    .build();

    private JsonText() {}

    /** Refused with LIMIT_EXCEEDED or VALUE_NOT_JSON, which says at which character. */
    static void check(Field field, String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > WireLimits.MAX_JSON_BYTES) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "field '"
                            + field.name()
                            + "' has "
                            + bytes
                            + " bytes of JSON, at most "
                            + WireLimits.MAX_JSON_BYTES
                            + " are allowed",
                    "store the large document elsewhere and its address here");
        }
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                throw notJson(field, 1, "it is empty", null);
            }
            parser.skipChildren();
            if (parser.nextToken() != null) {
                throw notJson(
                        field,
                        parser.currentTokenLocation().getCharOffset() + 1,
                        "more follows the first value",
                        null);
            }
        } catch (JsonProcessingException e) {
            long place = e.getLocation() == null ? 0 : e.getLocation().getCharOffset();
            throw notJson(field, place + 1, e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw notJson(field, 1, String.valueOf(e.getMessage()), e);
        }
    }

    private static ArbalestException notJson(
            Field field, long character, String why, @Nullable Throwable e) {
        String oneLine = why.lines().findFirst().orElse("").replaceFirst(START_MARKER, "");
        return new ArbalestException(
                ErrorCode.VALUE_NOT_JSON,
                "field '"
                        + field.name()
                        + "' is JSON, its text is not, at character "
                        + character
                        + ": "
                        + oneLine,
                "send one JSON value: an object, an array, a string in quotes, a number, true,"
                        + " false or null",
                e);
    }
}
