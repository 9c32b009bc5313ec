@NullMarked
package io.arbalest.memory;

import org.jspecify.annotations.NullMarked;
