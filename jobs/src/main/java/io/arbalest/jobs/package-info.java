@NullMarked
package io.arbalest.jobs;

import org.jspecify.annotations.NullMarked;
