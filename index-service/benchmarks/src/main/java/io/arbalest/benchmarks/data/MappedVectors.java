package io.arbalest.benchmarks.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * An unpacked fvecs file, mapped: sets larger than the heap are read row by row.
 *
 * <p>Thread-safe until it is closed.
 */
public final class MappedVectors implements RowReader, AutoCloseable {
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Arena arena = Arena.ofShared();
    private final Path path;
    private final MemorySegment bytes;
    private final int rows;
    private final int dimension;

    private MappedVectors(Path path, FileChannel channel) throws IOException {
        this.path = path;
        boolean opened = false;
        try {
            if (channel.size() < Integer.BYTES) {
                throw VectorFile.malformed(path, "it is empty", "at least one row");
            }
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            dimension = bytes.get(INT, 0);
            VectorFile.checkDimension(path, dimension);
            long stride = Integer.BYTES + (long) Float.BYTES * dimension;
            long count = bytes.byteSize() / stride;
            if (count * stride != bytes.byteSize() || count > Integer.MAX_VALUE) {
                throw VectorFile.malformed(
                        path,
                        "it has " + bytes.byteSize() + " bytes",
                        "a multiple of " + stride + " and fewer than 2^31 rows");
            }
            rows = (int) count;
            opened = true;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    /** Opens a file; checks its length against its first row, and reads nothing else. */
    public static MappedVectors open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new NoSuchFileException(path.toString());
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new MappedVectors(path, channel);
        }
    }

    /** Reads everything once and refuses a row of another dimension or with a value not finite. */
    public void verify() {
        float[] row = new float[dimension];
        for (int i = 0; i < rows; i++) {
            read(i, row);
            VectorFile.checkFinite(path, i, row);
        }
    }

    @Override
    public void read(int row, float[] target) {
        long at = row * (Integer.BYTES + (long) Float.BYTES * dimension);
        int found = bytes.get(INT, at);
        if (found != dimension) {
            throw VectorFile.malformed(
                    path, "row " + row + " has dimension " + found, "" + dimension);
        }
        MemorySegment.copy(bytes, FLOAT, at + Integer.BYTES, target, 0, dimension);
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int dimension() {
        return dimension;
    }

    /** Unmaps the file; any later read fails. */
    @Override
    public void close() {
        arena.close();
    }
}
