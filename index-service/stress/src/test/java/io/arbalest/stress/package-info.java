/**
 * Runs the jcstress tests of this module, which lie in the packages that they look into: every
 * order in which one thread may see what others write, on the processor that runs them.
 *
 * <p><b>Start at</b> {@code StressTest}.
 */
@NullMarked
package io.arbalest.stress;

import org.jspecify.annotations.NullMarked;
