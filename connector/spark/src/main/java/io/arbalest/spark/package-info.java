@NullMarked
package io.arbalest.spark;

import org.jspecify.annotations.NullMarked;
