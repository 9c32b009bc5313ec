package io.arbalest.metadata;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;

import java.nio.BufferUnderflowException;

/**
 * The fields of a collection as bytes, in the form of "schema" in {@link MetadataFormat}, for who
 * must know them before a store is open. There is no checksum.
 *
 * <p>Thread-safe: no state.
 */
public final class CollectionSchema {
    private CollectionSchema() {}

    public static byte[] encode(CollectionDefinition definition) {
        return MetadataFormat.schema(definition);
    }

    /**
     * The definition with the fields of the bytes.
     *
     * @throws ArbalestException UNSUPPORTED_FORMAT_VERSION, STORE_FAILED if the bytes are damaged,
     *     STALE_INCARNATION if they are of another collection
     */
    public static CollectionDefinition decode(byte[] bytes, CollectionDefinition definition) {
        MetadataFormat.Schema schema;
        try {
            schema = MetadataFormat.schema(bytes);
        } catch (BufferUnderflowException e) {
            throw new ArbalestException(
                    ErrorCode.STORE_FAILED,
                    "the fields of collection '" + definition.name() + "' end early",
                    ArbalestException.REFILL,
                    e);
        }
        if (!schema.incarnation().equals(definition.incarnation())) {
            throw new ArbalestException(
                    ErrorCode.STALE_INCARNATION,
                    "the fields are of collection incarnation "
                            + schema.incarnation()
                            + ", expected "
                            + definition.incarnation(),
                    "each incarnation needs its own directory");
        }
        return definition.withFields(schema.fields());
    }
}
