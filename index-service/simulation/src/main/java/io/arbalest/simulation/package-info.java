@NullMarked
package io.arbalest.simulation;

import org.jspecify.annotations.NullMarked;
