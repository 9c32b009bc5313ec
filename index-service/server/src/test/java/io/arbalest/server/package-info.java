@NullMarked
package io.arbalest.server;

import org.jspecify.annotations.NullMarked;
