@NullMarked
package io.arbalest.embedding;

import org.jspecify.annotations.NullMarked;
