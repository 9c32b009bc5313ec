/**
 * The walls that Maven's dependency list cannot hold: who may import what, read from the compiled
 * classes of every room.
 *
 * <p><b>Start at</b> {@code RoomsTest}.
 */
@NullMarked
package io.arbalest.it.architecture;

import org.jspecify.annotations.NullMarked;
