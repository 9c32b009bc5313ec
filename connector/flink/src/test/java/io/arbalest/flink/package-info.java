/**
 * Tests of the connector against a client that records; the real service is met in
 * integration-tests.
 */
@NullMarked
package io.arbalest.flink;

import org.jspecify.annotations.NullMarked;
