/** Tests of recall against throughput. */
@NullMarked
package io.arbalest.benchmarks.ann;

import org.jspecify.annotations.NullMarked;
