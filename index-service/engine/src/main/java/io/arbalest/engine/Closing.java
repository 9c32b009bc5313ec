package io.arbalest.engine;

import java.lang.System.Logger.Level;

/**
 * Closes parts of a shard that is given up anyway.
 *
 * <p>Thread-safe: no state.
 */
final class Closing {
    private static final System.Logger LOG = System.getLogger(Closing.class.getName());

    private Closing() {}

    /** Closes; what goes wrong is logged, and the next part gets its turn. */
    static void quietly(String shard, AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            LOG.log(
                    Level.WARNING,
                    "shard " + shard + ": closing " + part.getClass().getSimpleName(),
                    e);
        }
    }
}
