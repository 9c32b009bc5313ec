/**
 * What tests and simulations put in the place of the machine: a clock that stands until it is told
 * to move, threads that are one event queue, a disk that loses what was not synced; and what they
 * compare with: exact search in double precision, random cases that can be replayed.
 *
 * <p><b>Knows</b> common, io, model. <b>Does not know</b> any room above them, so that every room's
 * tests may use it. The contract tests of io live among this room's tests and are run by every
 * disk.
 *
 * <p><b>Start at</b> {@link io.arbalest.testkit.SimDisk}, {@link io.arbalest.testkit.SimScheduler},
 * {@link io.arbalest.testkit.RandomCases}.
 *
 * <p><b>Threads:</b> everything here may be used from several threads unless it says otherwise; a
 * simulation uses one.
 */
@NullMarked
package io.arbalest.testkit;

import org.jspecify.annotations.NullMarked;
