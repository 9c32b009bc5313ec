package io.arbalest.engine;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.arbalest.metadata.MetadataCodec;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Metric;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Decides which rows of a batch may be stored, and says for every other what is wrong with it. A
 * batch that is wrong as a whole is refused with an exception; a row that is wrong takes nothing
 * else with it.
 *
 * <p>Thread-safe.
 */
final class RowCheck {
    /** Most rows of a batch. */
    static final int MAX_BATCH_ROWS = 65_536;

    /** Most bytes of one row's encoded metadata. */
    static final int MAX_ROW_METADATA_BYTES = 64 << 10;

    private static final byte[] NO_METADATA = new byte[0];
    private static final ValueLayout.OfLong FOUR_HALVES =
            JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort HALF =
            JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_BITS = 0x0001_0001_0001_0001L;
    private static final long SIGNS = 0x8000_8000_8000_8000L;
    private static final long EXPONENTS = 0x7c00_7c00_7c00_7c00L;

    private final CollectionDefinition definition;
    private final int vectorBytes;

    RowCheck(CollectionDefinition definition) {
        this.definition = definition;
        this.vectorBytes = definition.dimension() * Short.BYTES;
    }

    /**
     * What passed, cut into pieces that each become one log record.
     *
     * @param rowNumbers for each piece, where its rows stand in the batch
     * @param errors by row, for those that did not pass
     */
    record Checked(
            List<LoggedRows> pieces,
            List<int[]> rowNumbers,
            Map<Integer, ArbalestException> errors) {}

    /**
     * Checks a batch.
     *
     * @param pieceRows most rows of a piece
     * @param pieceBytes where a piece ends, but for its last row
     * @throws ArbalestException if nothing of the batch may be stored
     */
    Checked check(RowBatch batch, long wallMillis, int pieceRows, long pieceBytes) {
        checkShape(batch);
        LoggedRows.Header header =
                new LoggedRows.Header(batch.writer(), batch.acceptOlder(), wallMillis);
        Map<Integer, ArbalestException> errors = new TreeMap<>();
        List<LoggedRows> pieces = new ArrayList<>();
        List<int[]> rowNumbers = new ArrayList<>();
        Encoded encoded = new Encoded(batch.rows());
        int[] piece = new int[Math.min(pieceRows, batch.rows())];
        int count = 0;
        long bytes = 0;
        for (int row = 0; row < batch.rows(); row++) {
            try {
                check(batch, row, encoded);
            } catch (ArbalestException e) {
                errors.put(row, e);
                continue;
            }
            long rowBytes =
                    RowFormat.rowBytes(
                            batch.keys().get(row),
                            batch.versions().get(row),
                            encoded.metadata[row].length,
                            vectorBytes);
            if (count == pieceRows || (count > 0 && bytes + rowBytes > pieceBytes)) {
                add(pieces, rowNumbers, header, batch, encoded, Arrays.copyOf(piece, count));
                count = 0;
                bytes = 0;
            }
            piece[count++] = row;
            bytes += rowBytes;
        }
        if (count > 0) {
            add(pieces, rowNumbers, header, batch, encoded, Arrays.copyOf(piece, count));
        }
        return new Checked(pieces, rowNumbers, errors);
    }

    /** What is logged and applied of the metadata of the rows that passed. */
    private static final class Encoded {
        final byte[][] metadata;
        final @Nullable Object[] @Nullable [] values;

        Encoded(int rows) {
            metadata = new byte[rows][];
            values = new @Nullable Object[rows][];
        }
    }

    private void add(
            List<LoggedRows> pieces,
            List<int[]> rowNumbers,
            LoggedRows.Header header,
            RowBatch batch,
            Encoded encoded,
            int[] numbers) {
        int n = numbers.length;
        OperationKind[] operations = new OperationKind[n];
        PointKey[] keys = new PointKey[n];
        @Nullable Version[] versions = new @Nullable Version[n];
        long[] offsets = new long[n];
        byte[][] metadata = new byte[n][];
        @Nullable Object[] @Nullable [] values = new @Nullable Object[n][];
        for (int i = 0; i < n; i++) {
            int row = numbers[i];
            operations[i] = batch.operations().get(row);
            keys[i] = batch.keys().get(row);
            versions[i] = batch.versions().get(row);
            metadata[i] = encoded.metadata[row];
            boolean delete = operations[i] == OperationKind.DELETE;
            boolean vector = !delete && batch.vectorPresent().get(row);
            offsets[i] = vector ? (long) row * vectorBytes : LoggedRows.NO_VECTOR;
            values[i] = encoded.values[row];
        }
        pieces.add(
                new LoggedRows(
                        header,
                        operations,
                        keys,
                        versions,
                        batch.vectors(),
                        offsets,
                        metadata,
                        values));
        rowNumbers.add(numbers);
    }

    private void checkShape(RowBatch batch) {
        int rows = batch.rows();
        if (rows < 1 || rows > MAX_BATCH_ROWS) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "a batch has " + rows + " rows, expected 1.." + MAX_BATCH_ROWS,
                    "send smaller batches");
        }
        if (batch.operations().size() != rows
                || batch.versions().size() != rows
                || batch.metadata().size() != rows) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "columns of a batch differ in length: "
                            + rows
                            + " keys, "
                            + batch.operations().size()
                            + " operations, "
                            + batch.versions().size()
                            + " versions, "
                            + batch.metadata().size()
                            + " rows of metadata",
                    "send one entry a row in every column");
        }
        boolean needsVectors = !batch.vectorPresent().isEmpty();
        if (needsVectors && batch.vectors().byteSize() != (long) rows * vectorBytes) {
            throw new ArbalestException(
                    ErrorCode.DIMENSION_MISMATCH,
                    "the vectors of "
                            + rows
                            + " rows have "
                            + batch.vectors().byteSize()
                            + " bytes, collection '"
                            + definition.name()
                            + "' has dimension "
                            + definition.dimension()
                            + " and expects "
                            + (long) rows * vectorBytes,
                    "send vectors of dimension " + definition.dimension());
        }
        if (batch.writer().checkpoint() != 0) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "rows staged for checkpoint "
                            + batch.writer().checkpoint()
                            + " are not taken by this release",
                    "write with delivery guarantee at-least-once");
        }
        if (batch.writer().group().getBytes(StandardCharsets.UTF_8).length
                > RowFormat.MAX_GROUP_BYTES) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the writer group is longer than " + RowFormat.MAX_GROUP_BYTES + " bytes",
                    "use a shorter transactional id prefix");
        }
    }

    /** Checks a row and encodes its metadata. */
    private void check(RowBatch batch, int row, Encoded encoded) {
        PointKey key = batch.keys().get(row);
        if (key.type() != definition.keyType()) {
            throw new ArbalestException(
                    ErrorCode.KEY_TYPE_MISMATCH,
                    at(row, key)
                            + "the key is "
                            + key.type()
                            + ", collection '"
                            + definition.name()
                            + "' expects "
                            + definition.keyType(),
                    "send the id column as " + definition.keyType());
        }
        boolean vector = batch.vectorPresent().get(row);
        switch (batch.operations().get(row)) {
            case DELETE -> encoded.metadata[row] = NO_METADATA;
            case UPSERT -> {
                if (vector) {
                    checkVector(batch, row, key);
                }
                encode(batch, row, false, encoded);
            }
            case PATCH -> {
                if (vector) {
                    throw new ArbalestException(
                            ErrorCode.UNKNOWN_OPERATION,
                            at(row, key) + "a patch brings a vector, expected none",
                            "send the whole point as an upsert, or leave the vector out");
                }
                encode(batch, row, true, encoded);
            }
        }
    }

    private void checkVector(RowBatch batch, int row, PointKey key) {
        MemorySegment vectors = batch.vectors();
        long start = (long) row * vectorBytes;
        long end = start + vectorBytes;
        long position = start;
        long magnitudes = 0;
        boolean finite = true;
        for (; position + Long.BYTES <= end; position += Long.BYTES) {
            long four = vectors.get(FOUR_HALVES, position);
            long missing = ~four & EXPONENTS; // 0 in the half that is infinite or NaN
            finite &= ((missing - LOW_BITS) & ~missing & SIGNS) == 0;
            magnitudes |= four & ~SIGNS;
        }
        for (; position < end; position += Short.BYTES) {
            int half = vectors.get(HALF, position);
            finite &= (half & 0x7c00) != 0x7c00;
            magnitudes |= half & 0x7fff;
        }
        if (!finite) {
            throw notFinite(vectors, start, row, key);
        }
        if (magnitudes == 0 && definition.metric() == Metric.COSINE) {
            throw new ArbalestException(
                    ErrorCode.VECTOR_ZERO,
                    at(row, key)
                            + "all elements of the vector are zero, which has no direction for"
                            + " metric cosine",
                    "leave the row out, or use metric ip or l2");
        }
    }

    private ArbalestException notFinite(MemorySegment vectors, long start, int row, PointKey key) {
        int element = 0;
        while (Float.isFinite(
                Float.float16ToFloat(vectors.get(HALF, start + (long) element * Short.BYTES)))) {
            element++;
        }
        float value = Float.float16ToFloat(vectors.get(HALF, start + (long) element * Short.BYTES));
        return new ArbalestException(
                ErrorCode.VECTOR_NOT_FINITE,
                at(row, key)
                        + "vector element "
                        + element
                        + " is "
                        + value
                        + ", expected a finite binary16",
                "send finite values of at most 65504 in magnitude");
    }

    /**
     * Encodes a row's metadata: an upsert with defaults where no value is given, so that it stays
     * what it is; a patch as it came.
     */
    private void encode(RowBatch batch, int row, boolean patch, Encoded encoded) {
        List<Field> fields = definition.fields();
        PointKey key = batch.keys().get(row);
        @Nullable Object[] given = batch.metadata().get(row);
        byte[] bytes;
        try {
            if (patch) {
                bytes = MetadataCodec.encodePatch(fields, given);
                encoded.values[row] = given;
            } else {
                @Nullable Object[] values = MetadataCodec.resolve(fields, given);
                bytes = MetadataCodec.encode(fields, values);
                encoded.values[row] = values;
            }
        } catch (ArbalestException e) {
            throw e.prefixed(at(row, key));
        }
        if (bytes.length > MAX_ROW_METADATA_BYTES) {
            throw new ArbalestException(
                    ErrorCode.LIMIT_EXCEEDED,
                    at(row, key)
                            + "metadata of "
                            + bytes.length
                            + " bytes, at most "
                            + MAX_ROW_METADATA_BYTES
                            + " are allowed",
                    "store the long text elsewhere and keep a reference to it");
        }
        encoded.metadata[row] = bytes;
    }

    private static String at(int row, PointKey key) {
        return "row " + row + ", key '" + key + "': ";
    }
}
