package io.arbalest.engine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.arbalest.metadata.MetadataCodec;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.KeyType;
import io.arbalest.model.OperationKind;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The body of a log record of type ROWS. Format version 1, little-endian, no padding but where it
 * is shown:
 *
 * <pre>
 *   0  u8   format version, 1
 *   1  u8   flags: bit 0 = accept versions below the tombstone horizon; other bits 0
 *   2  u16  dimension of the vectors
 *   4  u32  n, rows; as in the record's header
 *   8  i64  wall clock of the primary when it took the rows, milliseconds since the epoch
 *  16  i64  writer epoch
 *  24  i64  writer sequence
 *  32  i64  writer checkpoint; 0: visible at once; above: staged for that Flink checkpoint
 *  40  i32  writer subtask
 *  44  u16  g, UTF-8 bytes of the writer group
 *  46  u8   key type: 0 = text, 1 = int64
 *  47  u8   0
 *  48  u32  K, bytes of all keys
 *  52  u32  p, rows with a version
 *  56  u32  v, rows with a vector
 *  60  u32  M, bytes of all metadata
 *  64  u8[n]    operations: 0 = upsert, 1 = delete, 2 = patch
 *      u8[n]    row flags: bit 0 = has a version, bit 1 = has a vector, other bits 0
 *      u16[n]   key lengths in bytes
 *      {i32 generation, i64 version, i64 tiebreak}[p]   in the order of the rows that have one
 *      u8[g]    writer group
 *      u8[K]    keys, canonical bytes: UTF-8, or int64 big-endian
 *      u32[n+1] ends of the metadata: row i has bytes [end(i), end(i + 1)) of what follows; end(0) = 0
 *      u8[M]    metadata, each row as {@link MetadataCodec} says; a delete has none
 *      0 .. 63  zero bytes up to a multiple of 64 from the start of the body
 *      f16[v][dimension]   vectors, plain binary16, in the order of the rows that have one
 * </pre>
 *
 * <p>Row i has the sequence number first + i, where first stands in the record's header, as do term
 * and checksum. The commit stamp at which a row becomes visible follows from the checkpoint: 0
 * means its own sequence number. A row without a version gets one when it is applied; {@link
 * VersionRule} says which.
 *
 * <p>An upsert without a vector keeps the vector that its key has. Neither a delete nor a patch has
 * a vector.
 *
 * <p>The vectors come last and are handed to the log as slices of the writer's own memory: they are
 * copied once, by the log.
 *
 * <p>Thread-safe: no state.
 */
final class RowFormat {
    /** The version that is written. */
    static final int FORMAT_VERSION = 1;

    /** Bytes before the columns. */
    static final int HEADER_BYTES = 64;

    /** Vectors start at a multiple of this. */
    static final int VECTOR_ALIGNMENT = 64;

    /** Bytes of a row besides key, version, metadata and vector. */
    static final int ROW_BYTES = 8;

    /** Bytes of a version. */
    static final int VERSION_BYTES = 20;

    /** Most UTF-8 bytes of a writer group. */
    static final int MAX_GROUP_BYTES = 1024;

    private static final int ACCEPT_OLDER = 1;
    private static final int HAS_VERSION = 1;
    private static final int HAS_VECTOR = 2;

    private RowFormat() {}

    /** Bytes that a row takes; at most, as for alignment. */
    static long rowBytes(
            PointKey key, @Nullable Version version, int metadataBytes, int vectorBytes) {
        return ROW_BYTES
                + key.canonicalBytes().length
                + (version == null ? 0 : VERSION_BYTES)
                + metadataBytes
                + (long) vectorBytes;
    }

    /**
     * The body, in pieces: everything before the vectors, then slices of {@code rows.vectors()}.
     */
    static List<MemorySegment> encode(LoggedRows rows, KeyType keyType, int dimension) {
        int vectorBytes = dimension * Short.BYTES;
        List<MemorySegment> body = new ArrayList<>();
        body.add(MemorySegment.NULL);
        long start = 0;
        long end = 0;
        for (long offset : rows.vectorOffsets()) {
            if (offset == LoggedRows.NO_VECTOR) {
                continue;
            }
            if (offset != end || start == end) {
                addSlice(body, rows.vectors(), start, end);
                start = offset;
            }
            end = offset + vectorBytes;
        }
        addSlice(body, rows.vectors(), start, end);
        body.set(0, MemorySegment.ofArray(head(rows, keyType, dimension)));
        return body;
    }

    private static void addSlice(
            List<MemorySegment> body, MemorySegment vectors, long start, long end) {
        if (end > start) {
            body.add(vectors.asSlice(start, end - start));
        }
    }

    private static byte[] head(LoggedRows rows, KeyType keyType, int dimension) {
        int n = rows.rows();
        int keyBytes = 0;
        int versions = 0;
        int vectors = 0;
        int metadataBytes = 0;
        for (int i = 0; i < n; i++) {
            keyBytes += rows.keys()[i].canonicalBytes().length;
            versions += rows.versions()[i] == null ? 0 : 1;
            vectors += rows.vectorOffsets()[i] == LoggedRows.NO_VECTOR ? 0 : 1;
            metadataBytes += rows.metadata()[i].length;
        }
        RowBatch.Writer writer = rows.header().writer();
        byte[] group = writer.group().getBytes(StandardCharsets.UTF_8);
        int size =
                HEADER_BYTES
                        + 4 * n
                        + VERSION_BYTES * versions
                        + group.length
                        + keyBytes
                        + 4 * (n + 1)
                        + metadataBytes;
        ByteBuffer out = ByteBuffer.allocate(aligned(size)).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) FORMAT_VERSION).put((byte) (rows.header().acceptOlder() ? ACCEPT_OLDER : 0));
        out.putShort((short) dimension).putInt(n).putLong(rows.header().wallMillis());
        out.putLong(writer.epoch())
                .putLong(writer.sequence())
                .putLong(writer.checkpoint())
                .putInt(writer.subtask());
        out.putShort((short) group.length).put(keyTypeByte(keyType)).put((byte) 0);
        out.putInt(keyBytes).putInt(versions).putInt(vectors).putInt(metadataBytes);
        putColumns(rows, group, out);
        return out.array();
    }

    private static void putColumns(LoggedRows rows, byte[] group, ByteBuffer out) {
        int n = rows.rows();
        for (OperationKind operation : rows.operations()) {
            out.put(operation.wireValue());
        }
        for (int i = 0; i < n; i++) {
            int hasVersion = rows.versions()[i] == null ? 0 : HAS_VERSION;
            int hasVector = rows.vectorOffsets()[i] == LoggedRows.NO_VECTOR ? 0 : HAS_VECTOR;
            out.put((byte) (hasVersion | hasVector));
        }
        for (PointKey key : rows.keys()) {
            out.putShort((short) key.canonicalBytes().length);
        }
        for (Version version : rows.versions()) {
            if (version != null) {
                out.putInt(version.generation())
                        .putLong(version.version())
                        .putLong(version.tiebreak());
            }
        }
        out.put(group);
        for (PointKey key : rows.keys()) {
            out.put(key.canonicalBytes());
        }
        int end = 0;
        out.putInt(end);
        for (byte[] metadata : rows.metadata()) {
            end += metadata.length;
            out.putInt(end);
        }
        for (byte[] metadata : rows.metadata()) {
            out.put(metadata);
        }
    }

    /**
     * The rows of a record. Keys and metadata are copied; vectors stay in the body, which must
     * outlive their use.
     *
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION, or LOG_CORRUPT if the body does not
     *     follow the format
     */
    static LoggedRows decode(MemorySegment body, int rowCount, CollectionDefinition definition) {
        if (body.byteSize() < HEADER_BYTES) {
            throw corrupt("it has " + body.byteSize() + " bytes", null);
        }
        int version = body.get(JAVA_BYTE, 0);
        if (version != FORMAT_VERSION) {
            throw new ArbalestException(
                    ErrorCode.UNSUPPORTED_FORMAT_VERSION,
                    "log record with rows of format version "
                            + version
                            + ", this release reads "
                            + FORMAT_VERSION,
                    "run the release that wrote it, or a later one");
        }
        try {
            return new Decoder(body, rowCount, definition).decode();
        } catch (BufferUnderflowException
                | IndexOutOfBoundsException
                | IllegalArgumentException e) {
            throw corrupt("a column ends early or holds an impossible value", e);
        } catch (ArbalestException e) {
            throw corrupt(e.detail(), e);
        }
    }

    /** One pass over a body. */
    private static final class Decoder {
        private final MemorySegment body;
        private final CollectionDefinition definition;
        private final ByteBuffer in;
        private final int n;

        Decoder(MemorySegment body, int rowCount, CollectionDefinition definition) {
            this.body = body;
            this.definition = definition;
            this.n = rowCount;
            this.in = body.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        }

        LoggedRows decode() {
            in.get();
            int flags = in.get();
            require((flags & ~ACCEPT_OLDER) == 0, "flags " + flags);
            int dimension = Short.toUnsignedInt(in.getShort());
            require(dimension == definition.dimension(), "dimension " + dimension);
            int rows = in.getInt();
            require(rows == n, rows + " rows where the record says " + n);
            long wallMillis = in.getLong();
            long epoch = in.getLong();
            long sequence = in.getLong();
            long checkpoint = in.getLong();
            require(
                    checkpoint == 0,
                    "staged rows of checkpoint " + checkpoint + ", not read by this release");
            int subtask = in.getInt();
            int groupBytes = Short.toUnsignedInt(in.getShort());
            int keyType = in.get();
            require(keyType == keyTypeByte(definition.keyType()), "key type " + keyType);
            require(in.get() == 0, "a reserved byte is set");
            int keyBytes = in.getInt();
            int versionCount = in.getInt();
            int vectorCount = in.getInt();
            int metadataBytes = in.getInt();

            OperationKind[] operations = new OperationKind[n];
            for (int i = 0; i < n; i++) {
                operations[i] = OperationKind.ofWireValue(in.get());
            }
            byte[] rowFlags = new byte[n];
            in.get(rowFlags);
            int[] keyLengths = new int[n];
            for (int i = 0; i < n; i++) {
                keyLengths[i] = Short.toUnsignedInt(in.getShort());
            }
            @Nullable Version[] versions = versions(rowFlags, versionCount);
            byte[] group = new byte[groupBytes];
            in.get(group);
            PointKey[] keys = keys(keyLengths, keyBytes);
            byte[][] metadata = metadata(metadataBytes);
            long[] offsets = vectorOffsets(rowFlags, vectorCount);
            @Nullable Object[] @Nullable [] values = new @Nullable Object[n][];
            for (int i = 0; i < n; i++) {
                boolean delete = operations[i] == OperationKind.DELETE;
                require(
                        operations[i] == OperationKind.UPSERT || offsets[i] == LoggedRows.NO_VECTOR,
                        "row " + i + " with a vector");
                values[i] = delete ? null : values(operations[i], metadata[i]);
            }
            RowBatch.Writer writer =
                    new RowBatch.Writer(
                            new String(group, StandardCharsets.UTF_8),
                            subtask,
                            epoch,
                            sequence,
                            checkpoint);
            LoggedRows.Header header =
                    new LoggedRows.Header(writer, (flags & ACCEPT_OLDER) != 0, wallMillis);
            return new LoggedRows(
                    header, operations, keys, versions, body, offsets, metadata, values);
        }

        private @Nullable Object[] values(OperationKind operation, byte[] encoded) {
            return operation == OperationKind.PATCH
                    ? MetadataCodec.decodePatch(definition.fields(), encoded)
                    : MetadataCodec.decode(definition.fields(), encoded);
        }

        private @Nullable Version[] versions(byte[] rowFlags, int expected) {
            @Nullable Version[] versions = new @Nullable Version[n];
            int found = 0;
            for (int i = 0; i < n; i++) {
                require(
                        (rowFlags[i] & ~(HAS_VERSION | HAS_VECTOR)) == 0,
                        "row flags " + rowFlags[i]);
                if ((rowFlags[i] & HAS_VERSION) != 0) {
                    versions[i] = new Version(in.getInt(), in.getLong(), in.getLong());
                    found++;
                }
            }
            require(found == expected, found + " versions where the header says " + expected);
            return versions;
        }

        private PointKey[] keys(int[] lengths, int expected) {
            int start = in.position();
            PointKey[] keys = new PointKey[n];
            for (int i = 0; i < n; i++) {
                byte[] bytes = new byte[lengths[i]];
                in.get(bytes);
                keys[i] = PointKey.ofCanonicalBytes(definition.keyType(), bytes);
            }
            require(
                    in.position() - start == expected,
                    "keys of another length than the header says");
            return keys;
        }

        private byte[][] metadata(int expected) {
            int[] ends = new int[n + 1];
            for (int i = 0; i <= n; i++) {
                ends[i] = in.getInt();
                require(i == 0 ? ends[0] == 0 : ends[i] >= ends[i - 1], "metadata out of order");
            }
            require(
                    ends[n] == expected && expected <= in.remaining(),
                    "metadata of " + ends[n] + " bytes");
            byte[][] metadata = new byte[n][];
            for (int i = 0; i < n; i++) {
                metadata[i] = new byte[ends[i + 1] - ends[i]];
                in.get(metadata[i]);
            }
            return metadata;
        }

        private long[] vectorOffsets(byte[] rowFlags, int expected) {
            long vectorBytes = (long) definition.dimension() * Short.BYTES;
            long offset = aligned(in.position());
            require(
                    body.byteSize() == offset + expected * vectorBytes,
                    "a body of "
                            + body.byteSize()
                            + " bytes for "
                            + expected
                            + " vectors from "
                            + offset
                            + " on");
            long[] offsets = new long[n];
            int found = 0;
            for (int i = 0; i < n; i++) {
                offsets[i] = LoggedRows.NO_VECTOR;
                if ((rowFlags[i] & HAS_VECTOR) != 0) {
                    offsets[i] = offset + found * vectorBytes;
                    found++;
                }
            }
            require(found == expected, found + " vectors where the header says " + expected);
            return offsets;
        }

        private static void require(boolean holds, String what) {
            if (!holds) {
                throw new IllegalArgumentException(what);
            }
        }
    }

    private static int aligned(int size) {
        return (size + VECTOR_ALIGNMENT - 1) & -VECTOR_ALIGNMENT;
    }

    private static byte keyTypeByte(KeyType type) {
        return switch (type) {
            case STRING -> 0;
            case INT64 -> 1;
        };
    }

    private static ArbalestException corrupt(String what, @Nullable Exception cause) {
        String detail =
                cause instanceof IllegalArgumentException && cause.getMessage() != null
                        ? cause.getMessage()
                        : what;
        return new ArbalestException(
                ErrorCode.LOG_CORRUPT,
                "a log record passed its checksum but its rows cannot be read: " + detail,
                ArbalestException.REFILL,
                cause);
    }
}
