package io.arbalest.engine;

import io.arbalest.common.Crc32c;
import io.arbalest.io.Disk;
import io.arbalest.io.DiskFullException;
import io.arbalest.metadata.CollectionSchema;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The newest fields of a collection that this node has followed, in {@code
 * DATA/shards/INCARNATION/fields}:
 *
 * <pre>
 *   0  u32  CRC32C of what follows, little-endian
 *   4       the fields, as {@link CollectionSchema} writes them; their first byte is the format version
 * </pre>
 *
 * <p>A node that starts is shown old images of the metadata group first, some from before a field
 * was added. Its log and store may hold rows with that field already; so the file is written before
 * the first of them can be, and read before log and store are.
 *
 * <p>Thread-safe.
 */
final class FieldsFile {
    private static final String NAME = "fields";

    private final Disk disk;

    FieldsFile(Disk disk) {
        this.disk = disk;
    }

    /**
     * The definition with all fields that are known here: the file's if those are more, else its
     * own, which are then in the file.
     *
     * @param incarnation the directory of the collection
     * @throws ArbalestException DISK_FULL, IO_FAILED, STORE_FAILED if the file is damaged,
     *     SCHEMA_MISMATCH if neither list of fields begins with the other
     */
    synchronized CollectionDefinition newest(Path incarnation, CollectionDefinition definition) {
        Path file = incarnation.resolve(NAME);
        try {
            CollectionDefinition known =
                    disk.exists(file) ? decode(disk.readAll(file), definition) : null;
            if (known != null && known.extendsFieldsOf(definition)) {
                return known;
            }
            if (known != null && !definition.extendsFieldsOf(known)) {
                throw new ArbalestException(
                        ErrorCode.SCHEMA_MISMATCH,
                        "collection '"
                                + definition.name()
                                + "' has fields "
                                + definition.fields()
                                + ", this node knows it with "
                                + known.fields(),
                        "fields may only be added at the end");
            }
            disk.publish(file, encode(definition));
            return definition;
        } catch (DiskFullException e) {
            throw ShardFailure.noRoomFor(file, e);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot read or write " + file + ": " + e.getMessage(),
                    "check that node.data-dir is readable and writable",
                    e);
        }
    }

    static byte[] encode(CollectionDefinition definition) {
        byte[] fields = CollectionSchema.encode(definition);
        return ByteBuffer.allocate(Integer.BYTES + fields.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(Crc32c.of(fields))
                .put(fields)
                .array();
    }

    static CollectionDefinition decode(byte[] bytes, CollectionDefinition definition) {
        byte[] fields =
                Arrays.copyOfRange(bytes, Math.min(Integer.BYTES, bytes.length), bytes.length);
        boolean whole =
                bytes.length > Integer.BYTES
                        && ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt()
                                == Crc32c.of(fields);
        if (!whole) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "the file with the fields of collection '"
                            + definition.name()
                            + "' is damaged: its checksum does not fit",
                    ArbalestException.REFILL);
        }
        return CollectionSchema.decode(fields, definition);
    }
}
