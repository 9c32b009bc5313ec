@NullMarked
package io.arbalest.hnsw;

import org.jspecify.annotations.NullMarked;
