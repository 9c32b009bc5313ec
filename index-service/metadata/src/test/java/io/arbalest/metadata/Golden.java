package io.arbalest.metadata;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** Golden files: lines of {@code name = hex bytes}. */
final class Golden {
    private Golden() {}

    static byte[] bytes(String file, String name) {
        byte[] found = all(file).get(name);
        if (found == null) {
            throw new AssertionError("no line '" + name + "' in golden/" + file);
        }
        return found;
    }

    static Map<String, byte[]> all(String file) {
        Map<String, byte[]> lines = new LinkedHashMap<>();
        try (InputStream in = Golden.class.getResourceAsStream("/golden/" + file)) {
            if (in == null) {
                throw new AssertionError("no golden/" + file);
            }
            for (String line :
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                String[] parts = line.split(" = ", 2);
                lines.put(parts[0], HexFormat.of().parseHex(parts[1].strip()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return lines;
    }
}
