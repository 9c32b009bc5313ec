@NullMarked
package io.arbalest.protocol;

import org.jspecify.annotations.NullMarked;
