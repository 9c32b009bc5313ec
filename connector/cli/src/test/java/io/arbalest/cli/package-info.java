/** Tests of the command line against a cluster in memory. */
@NullMarked
package io.arbalest.cli;

import org.jspecify.annotations.NullMarked;
