package io.arbalest.flight;

import io.arbalest.engine.SearchSpec;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.PointKey;
import io.arbalest.protocol.FilterText;
import io.arbalest.protocol.ReadPosition;
import io.arbalest.protocol.ResultSchema;
import io.arbalest.protocol.TokenCodec;
import io.arbalest.protocol.WireLimits;
import io.arbalest.protocol.wire.GetRequest;
import io.arbalest.protocol.wire.SearchRequest;
import io.arbalest.protocol.wire.Token;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A read, checked: what is asked of which shards, how long it may take, and which columns come
 * back.
 *
 * <p>Immutable.
 */
sealed interface Question {
    ClusterImage.Collection collection();

    ResultSchema schema();

    Scope scope();

    /**
     * What a search and a get have in common.
     *
     * @param shards only these; empty: all
     * @param position what must be visible first, or null
     */
    record Scope(List<Integer> shards, @Nullable ReadPosition position, Duration timeout) {
        static Scope of(
                ClusterImage.Collection collection,
                List<Integer> shards,
                Token token,
                int timeoutMillis) {
            for (int shard : shards) {
                ImageView.shard(collection, shard);
            }
            if (timeoutMillis < 0 || timeoutMillis > WireLimits.MAX_TIMEOUT_MILLIS) {
                throw outOfRange("timeout_millis", timeoutMillis, WireLimits.MAX_TIMEOUT_MILLIS);
            }
            int millis = timeoutMillis == 0 ? WireLimits.DEFAULT_TIMEOUT_MILLIS : timeoutMillis;
            boolean given = !token.equals(Token.getDefaultInstance());
            ReadPosition position = given ? TokenCodec.fromWire(token) : null;
            if (position != null
                    && !position.incarnation().equals(collection.definition().incarnation())) {
                throw new ArbalestException(
                        ErrorCode.STALE_INCARNATION,
                        "the token belongs to another creation of collection '"
                                + collection.definition().name()
                                + "'",
                        "drop the token; it was void when the collection was dropped");
            }
            return new Scope(List.copyOf(shards), position, Duration.ofMillis(millis));
        }

        /** The sequence number that the shard must have applied; 0: any. */
        long minSequenceNumber(int shard) {
            return position == null ? 0 : position.positions().getOrDefault(shard, 0L);
        }
    }

    /** Which rows are nearest to each query. */
    record Search(
            ClusterImage.Collection collection,
            ResultSchema schema,
            Scope scope,
            List<float[]> queries,
            SearchRequest request,
            Optional<Filter> filter)
            implements Question {
        /** Refused with LIMIT_EXCEEDED, DIMENSION_MISMATCH, UNKNOWN_FIELD or as the filter is. */
        static Search of(
                ClusterImage.Collection collection,
                ResultSchema schema,
                SearchRequest request,
                List<float[]> queries) {
            int most = Math.min(WireLimits.MAX_K, SearchSpec.MAX_K);
            if (request.getK() < 1 || request.getK() > most) {
                throw outOfRange("k", request.getK(), most);
            }
            if (request.getEf() < 0 || request.getEf() > HnswParams.MAX_EF) {
                throw outOfRange("ef", request.getEf(), HnswParams.MAX_EF);
            }
            if (queries.size() > WireLimits.MAX_QUERIES) {
                throw outOfRange("number of queries", queries.size(), WireLimits.MAX_QUERIES);
            }
            if (request.hasMinScore() && Double.isNaN(request.getMinScore())) {
                throw new ArbalestException(
                        ErrorCode.MALFORMED_REQUEST,
                        "min_score is NaN",
                        "leave it out for no limit");
            }
            Optional<Filter> filter =
                    request.hasFilter()
                            ? Optional.of(
                                    FilterText.parseFor(
                                            collection.definition(), request.getFilter()))
                            : Optional.empty();
            Scope scope =
                    Scope.of(
                            collection,
                            request.getShardsList(),
                            request.getToken(),
                            request.getTimeoutMillis());
            return new Search(collection, schema, scope, queries, request, filter);
        }

        double minScore() {
            return request.hasMinScore() ? request.getMinScore() : Double.NEGATIVE_INFINITY;
        }
    }

    /** Which rows have these keys. */
    record Get(
            ClusterImage.Collection collection,
            ResultSchema schema,
            Scope scope,
            List<PointKey> keys)
            implements Question {
        /** Refused with LIMIT_EXCEEDED. */
        static Get of(
                ClusterImage.Collection collection,
                ResultSchema schema,
                GetRequest request,
                List<PointKey> keys) {
            if (keys.size() > WireLimits.MAX_KEYS) {
                throw outOfRange("number of keys", keys.size(), WireLimits.MAX_KEYS);
            }
            Scope scope =
                    Scope.of(
                            collection,
                            request.getShardsList(),
                            request.getToken(),
                            request.getTimeoutMillis());
            return new Get(collection, schema, scope, keys);
        }
    }

    private static ArbalestException outOfRange(String what, int got, int most) {
        return new ArbalestException(
                ErrorCode.LIMIT_EXCEEDED,
                what + " is " + got + ", allowed are up to " + most,
                "use a value in range");
    }
}
