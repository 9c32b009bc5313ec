package io.arbalest.benchmarks.data;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/**
 * Writes the form that {@link VectorFile} reads; a path that ends in {@code .gz} is packed.
 *
 * <p>Confined to one thread.
 */
public final class VectorFileWriter implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 20;

    private final OutputStream out;
    private byte[] row = new byte[0];

    /** Replaces the file, if there is one. */
    public VectorFileWriter(Path path) throws IOException {
        OutputStream file = new BufferedOutputStream(Files.newOutputStream(path), BUFFER_BYTES);
        out = path.toString().endsWith(".gz") ? new GZIPOutputStream(file, BUFFER_BYTES) : file;
    }

    /** Appends a row of floats. */
    public void write(float[] elements) throws IOException {
        ByteBuffer buffer = start(elements.length);
        buffer.asFloatBuffer().put(elements);
        out.write(row);
    }

    /** Appends a row of ints. */
    public void write(int[] elements) throws IOException {
        ByteBuffer buffer = start(elements.length);
        buffer.asIntBuffer().put(elements);
        out.write(row);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }

    /** Writes the dimension; the buffer goes on with the elements. */
    private ByteBuffer start(int dimension) {
        int bytes = Integer.BYTES + 4 * dimension;
        if (row.length != bytes) {
            row = new byte[bytes];
        }
        ByteBuffer buffer = ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(dimension);
        return buffer;
    }
}
