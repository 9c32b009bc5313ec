package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * The points that a filter accepts.
 *
 * @param rows ordinals of accepted points are below this, and all below are linked
 * @param count about how many are accepted
 * @param dense if at least this share of the points around the query is accepted, all points are
 *     walked; above 1: never
 */
public record AcceptedPoints(OrdinalSet set, int rows, long count, double dense) {}
