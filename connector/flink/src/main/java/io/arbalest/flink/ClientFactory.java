package io.arbalest.flink;

import io.arbalest.client.ArbalestClient;
import java.io.Serializable;
import java.util.List;
import org.apache.flink.annotation.Internal;

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
