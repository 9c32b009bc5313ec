@NullMarked
package io.arbalest.flink;

import org.jspecify.annotations.NullMarked;
