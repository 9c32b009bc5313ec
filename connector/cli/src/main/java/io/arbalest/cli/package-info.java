@NullMarked
package io.arbalest.cli;

import org.jspecify.annotations.NullMarked;
