package io.arbalest.hnsw;

import io.arbalest.common.OrdinalSet;

/**
 * The points that a filter accepts.
 *
 * @param rows ordinals of accepted points are below this, and all below are linked
 * @param count about how many are accepted
 * @param dense while at least this share of the points met on the way is accepted, all points are
 *     walked; above 1: only the first ones
 */
public record AcceptedPoints(OrdinalSet set, int rows, long count, double dense) {}
