/**
 * Tests of the job's parts; the job as a whole is tested with real processes in integration-tests.
 */
@NullMarked
package io.arbalest.jobs;

import org.jspecify.annotations.NullMarked;
