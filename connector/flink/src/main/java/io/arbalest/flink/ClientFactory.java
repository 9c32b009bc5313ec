package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;

import org.apache.flink.annotation.Internal;

import java.io.Serializable;
import java.util.List;

/**
 * How a writer connects where it runs.
 *
 * <p>Thread-safe.
 */
@Internal
@FunctionalInterface
interface ClientFactory extends Serializable {
    /** A connection that the caller closes. */
    ArbalestClient connect(List<String> endpoints);
}
