package io.arbalest.benchmarks.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.zip.CRC32;

/**
 * Copies of packed files: what is mapped has to be unpacked, and is so once.
 *
 * <p>Confined to one thread.
 *
 * @param directory of the copies, made when it is first needed
 */
public record UnpackedFiles(Path directory) {
    /** The file itself if it is not packed, else its unpacked copy. */
    public Path unpacked(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        if (!file.toString().endsWith(".gz")) {
            return absolute;
        }
        CRC32 crc = new CRC32();
        String version =
                absolute + "|" + Files.size(absolute) + "|" + Files.getLastModifiedTime(absolute);
        crc.update(version.getBytes(StandardCharsets.UTF_8));
        String name = String.valueOf(absolute.getFileName()).replaceFirst("\\.gz$", "");
        Path target =
                Files.createDirectories(directory)
                        .resolve(String.format(Locale.ROOT, "%08x-%s", crc.getValue(), name));
        if (!Files.exists(target)) {
            Path partial = target.resolveSibling(target.getFileName() + ".partial");
            try (VectorFileWriter writer = new VectorFileWriter(partial)) {
                float[][] row = {{}};
                VectorFile.read(
                        absolute,
                        Integer.MAX_VALUE,
                        buffer -> {
                            if (row[0].length != buffer.remaining() / Float.BYTES) {
                                row[0] = new float[buffer.remaining() / Float.BYTES];
                            }
                            buffer.asFloatBuffer().get(row[0]);
                            writer.write(row[0]);
                        });
            }
            Files.move(partial, target, StandardCopyOption.REPLACE_EXISTING);
        }
        return target;
    }
}
