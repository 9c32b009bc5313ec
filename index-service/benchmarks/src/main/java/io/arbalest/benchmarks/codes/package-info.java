/**
 * What the codes of a sealed graph cost in recall and save in time, beside what the rule that
 * chooses them says.
 *
 * <p><b>Knows</b> hnsw. <b>Start at</b> {@link io.arbalest.benchmarks.codes.CodesBench}.
 *
 * <p><b>Threads:</b> those that build, and one that searches. <b>Owns</b> what it builds, for the
 * run.
 */
@NullMarked
package io.arbalest.benchmarks.codes;

import org.jspecify.annotations.NullMarked;
