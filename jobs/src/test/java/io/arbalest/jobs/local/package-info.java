/** Tests of the runners of child processes. */
@NullMarked
package io.arbalest.jobs.local;

import org.jspecify.annotations.NullMarked;
