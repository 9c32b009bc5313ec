package io.arbalest.benchmarks.data;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads the fvecs and ivecs forms of public data sets (TEXMEX corpus,
 * http://corpus-texmex.irisa.fr): per row a little-endian int32 dimension, then as many
 * little-endian float32 or int32. A file that ends in {@code .gz} is unpacked. All rows have one
 * dimension, {@value #MOST_DIMENSIONS} at most; a file has at least one row.
 *
 * <p>Thread-safe: no state.
 *
 * @see VectorFileWriter
 */
public final class VectorFile {
    /** No public set has more; a larger number is another format's bytes. */
    public static final int MOST_DIMENSIONS = 1 << 16;

    private static final int BUFFER_BYTES = 1 << 20;

    /** Takes the rows of a file, one after the other. */
    @FunctionalInterface
    public interface RowReader {
        /**
         * Takes one row.
         *
         * @param row little-endian, 4 bytes an element; its content is replaced by the next row
         */
        void row(ByteBuffer row) throws IOException;
    }

    private VectorFile() {}

    /**
     * Rows of floats.
     *
     * @param most rows that the caller is ready for; the rest of the file is not read
     * @throws ArbalestException SCHEMA_MISMATCH if the file is not of this form, VECTOR_NOT_FINITE
     *     if an element is not a finite number
     */
    public static float[][] floats(Path path, int most) throws IOException {
        List<float[]> rows = new ArrayList<>();
        read(
                path,
                most,
                buffer -> {
                    float[] row = new float[buffer.remaining() / Float.BYTES];
                    buffer.asFloatBuffer().get(row);
                    checkFinite(path, rows.size(), row);
                    rows.add(row);
                });
        return rows.toArray(float[][]::new);
    }

    /** Rows of ints; see {@link #floats}. */
    public static int[][] ints(Path path, int most) throws IOException {
        List<int[]> rows = new ArrayList<>();
        read(
                path,
                most,
                buffer -> {
                    int[] row = new int[buffer.remaining() / Integer.BYTES];
                    buffer.asIntBuffer().get(row);
                    rows.add(row);
                });
        return rows.toArray(int[][]::new);
    }

    /**
     * Hands on the first rows of a file.
     *
     * @return how many
     */
    public static int read(Path path, int most, RowReader reader) throws IOException {
        byte[] head = new byte[Integer.BYTES];
        byte[] row = new byte[0];
        int count = 0;
        try (InputStream in = open(path)) {
            while (count < most && fill(in, head, path, count)) {
                int dimension = littleEndian(head).getInt();
                if (count == 0) {
                    checkDimension(path, dimension);
                    row = new byte[4 * dimension];
                } else if (dimension != row.length / 4) {
                    throw malformed(
                            path,
                            "row " + count + " has dimension " + dimension,
                            "" + row.length / 4);
                }
                if (!fill(in, row, path, count)) {
                    throw malformed(path, "it ends within row " + count, "whole rows");
                }
                reader.row(littleEndian(row));
                count++;
            }
        } catch (ZipException | EOFException e) {
            throw new ArbalestException(
                    ErrorCode.SCHEMA_MISMATCH,
                    path + " is not a whole gzip file: " + e.getMessage() + " after row " + count,
                    "fetch it again",
                    e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        if (count == 0) {
            throw malformed(path, "it is empty", "at least one row");
        }
        return count;
    }

    /** Fails if an element is NaN or infinite. */
    static void checkFinite(Path path, int index, float[] row) {
        for (int i = 0; i < row.length; i++) {
            if (!Float.isFinite(row[i])) {
                throw new ArbalestException(
                        ErrorCode.VECTOR_NOT_FINITE,
                        path + " row " + index + " element " + i + " is " + row[i],
                        "leave such rows out");
            }
        }
    }

    static void checkDimension(Path path, int dimension) {
        if (dimension < 1 || dimension > MOST_DIMENSIONS) {
            throw malformed(path, "its first row has dimension " + dimension, "1 to 65536");
        }
    }

    /** Fills the array; false if the file ended before its first byte. */
    private static boolean fill(InputStream in, byte[] target, Path path, int row)
            throws IOException {
        int read = in.readNBytes(target, 0, target.length);
        if (read != 0 && read != target.length) {
            throw malformed(path, "it ends within row " + row, "whole rows");
        }
        return read != 0;
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ArbalestException malformed(Path path, String got, String expected) {
        return new ArbalestException(
                ErrorCode.SCHEMA_MISMATCH,
                path + " is not in the fvecs form: " + got + ", expected " + expected,
                "give a file whose every row is an int32 dimension and as many 4-byte elements,"
                        + " little-endian, plain or .gz");
    }

    private static InputStream open(Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new NoSuchFileException(path.toString());
        }
        InputStream file = new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES);
        return path.toString().endsWith(".gz") ? new GZIPInputStream(file, BUFFER_BYTES) : file;
    }
}
