@NullMarked
package io.arbalest.simd;

import org.jspecify.annotations.NullMarked;
