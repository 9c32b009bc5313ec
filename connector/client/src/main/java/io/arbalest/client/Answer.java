package io.arbalest.client;

import io.arbalest.protocol.wire.ResultHeader;

import java.util.List;

/**
 * One node's answer to a search or get, out of Arrow's memory.
 *
 * <p>Immutable.
 */
record Answer(ResultHeader header, List<Row> rows) {
    /**
     * A row of the answer.
     *
     * @param query index of the query or key
     */
    record Row(int query, Hit hit) {}
}
