/**
 * Tests of the metadata group: decisions without Ratis, golden files, and real members in one
 * process.
 */
@NullMarked
package io.arbalest.cluster;

import org.jspecify.annotations.NullMarked;
