@NullMarked
package io.arbalest.metadata;

import org.jspecify.annotations.NullMarked;
