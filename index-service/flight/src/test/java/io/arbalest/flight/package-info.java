@NullMarked
package io.arbalest.flight;

import org.jspecify.annotations.NullMarked;
