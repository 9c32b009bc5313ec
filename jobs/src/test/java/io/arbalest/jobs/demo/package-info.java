/** Tests of the demo's own arithmetic: what it sends, what it expects, what it calls true. */
@NullMarked
package io.arbalest.jobs.demo;

import org.jspecify.annotations.NullMarked;
