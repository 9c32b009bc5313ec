/**
 * Tests of the metadata room: the store contract run by both stores, formats with golden files, and
 * the shard's metadata.
 */
@NullMarked
package io.arbalest.metadata;

import org.jspecify.annotations.NullMarked;
