package io.arbalest.benchmarks;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;

/**
 * Reads the fvecs and ivecs forms of public data sets: per row a little-endian int32 dimension,
 * then as many float32 or int32. A file that ends in {@code .gz} is unpacked.
 *
 * <p>Thread-safe: no state.
 */
final class VectorFile {
    private static final int BUFFER_BYTES = 1 << 20;

    private VectorFile() {}

    /** Rows of floats. */
    static float[][] floats(Path path) throws IOException {
        return rows(
                        path,
                        buffer -> {
                            float[] row = new float[buffer.remaining() / Float.BYTES];
                            buffer.asFloatBuffer().get(row);
                            return row;
                        })
                .toArray(float[][]::new);
    }

    /** Rows of ints. */
    static int[][] ints(Path path) throws IOException {
        return rows(
                        path,
                        buffer -> {
                            int[] row = new int[buffer.remaining() / Integer.BYTES];
                            buffer.asIntBuffer().get(row);
                            return row;
                        })
                .toArray(int[][]::new);
    }

    private static <T> List<T> rows(Path path, Function<ByteBuffer, T> parse) throws IOException {
        List<T> rows = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(open(path))) {
            byte[] head = new byte[Integer.BYTES];
            while (in.readNBytes(head, 0, head.length) == head.length) {
                int dimension = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
                byte[] body = in.readNBytes(Math.multiplyExact(dimension, Float.BYTES));
                if (body.length != dimension * Float.BYTES) {
                    throw new EOFException(path + " ends within row " + rows.size());
                }
                rows.add(parse.apply(ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN)));
            }
        }
        return rows;
    }

    private static InputStream open(Path path) throws IOException {
        InputStream file = new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES);
        return path.toString().endsWith(".gz") ? new GZIPInputStream(file, BUFFER_BYTES) : file;
    }
}
