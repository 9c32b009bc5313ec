@NullMarked
package io.arbalest.benchmarks;

import org.jspecify.annotations.NullMarked;
