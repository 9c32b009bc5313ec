package io.arbalest.client;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.QuerySchema;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.UuidBytes;
import io.arbalest.protocol.wire.BatchHeader;
import io.arbalest.protocol.wire.ExchangeOpen;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.SearchRequest;

import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/**
 * A search or get for one node: the header, the batch beside it, and the shape of the stream that
 * can carry it.
 *
 * <p>Immutable.
 *
 * @param shape what a stream fixes for all its requests
 * @param header without request id
 * @param queries of a search; empty for a get
 * @param keys of a get; empty for a search
 */
record ReadRequest(
        Shape shape,
        BatchHeader header,
        List<float[]> queries,
        List<PointKey> keys,
        Duration timeout) {

    /** The kind of request and the columns of its answers. */
    record Shape(
            CollectionDefinition definition,
            boolean get,
            @Nullable List<String> fields,
            boolean includeVector) {
        ExchangeOpen toWire() {
            ExchangeOpen.Builder open =
                    ExchangeOpen.newBuilder()
                            .setCollection(definition.name())
                            .setIncarnation(UuidBytes.toWire(definition.incarnation()))
                            .setGet(get)
                            .setIncludeVector(includeVector);
            // By name: the node may know of fields that were added since.
            return open.addAllFields(
                            fields == null
                                    ? definition.fields().stream().map(Field::name).toList()
                                    : fields)
                    .build();
        }

        Schema requestSchema() {
            return get ? QuerySchema.get(definition) : QuerySchema.search(definition);
        }

        ResultSchema resultSchema() {
            return get
                    ? ResultSchema.get(definition, fields, includeVector)
                    : ResultSchema.search(definition, fields, includeVector);
        }
    }

    static ReadRequest search(
            Shape shape, SearchRequest request, List<float[]> queries, Duration timeout) {
        return new ReadRequest(
                shape,
                BatchHeader.newBuilder().setSearch(request).build(),
                queries,
                List.of(),
                timeout);
    }

    static ReadRequest get(Shape shape, GetRequest request, List<PointKey> keys, Duration timeout) {
        return new ReadRequest(
                shape, BatchHeader.newBuilder().setGet(request).build(), List.of(), keys, timeout);
    }

    void fill(VectorSchemaRoot root) {
        if (shape.get()) {
            QuerySchema.writeKeys(root, keys);
        } else {
            QuerySchema.writeQueries(root, queries);
        }
    }
}
