package io.arbalest.engine;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.RowStatus;

import java.util.List;
import java.util.Map;

/**
 * The fate of each row of a batch, known once everything that was accepted is durable and applied.
 *
 * @param errors by row, for each REJECTED row
 * @param sequenceNumber the last one assigned; a search that waits for it sees the batch
 */
public record WriteResult(
        List<RowStatus> statuses, Map<Integer, ArbalestException> errors, long sequenceNumber) {}
