@NullMarked
package io.arbalest.testkit;

import org.jspecify.annotations.NullMarked;
