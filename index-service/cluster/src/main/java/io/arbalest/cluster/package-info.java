@NullMarked
package io.arbalest.cluster;

import org.jspecify.annotations.NullMarked;
