package io.arbalest.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files that pin a format down. {@code -Dgolden.write=true} writes those that do not exist yet; an
 * existing one is never rewritten, because readers of older releases depend on it.
 */
final class Golden {
    private Golden() {}

    /** The text of a file that today's release reads and no longer writes. */
    static String read(String name) throws IOException {
        try (InputStream stream = Golden.class.getResourceAsStream("/golden/" + name)) {
            assertThat(stream).as("golden file %s", name).isNotNull();
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Checks that today's bytes are the file's, and returns the file's. */
    static byte[] check(String name, byte[] today) throws IOException {
        Path source = Path.of("src/test/resources/golden", name);
        if (Boolean.getBoolean("golden.write") && !Files.exists(source)) {
            Files.createDirectories(source.getParent());
            Files.write(source, today);
            return today;
        }
        try (InputStream stream = Golden.class.getResourceAsStream("/golden/" + name)) {
            assertThat(stream).as("golden file %s", name).isNotNull();
            byte[] golden = stream.readAllBytes();
            assertThat(today).as("bytes of %s", name).isEqualTo(golden);
            return golden;
        }
    }
}
