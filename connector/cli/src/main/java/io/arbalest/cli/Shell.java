package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/**
 * What a command sees of the world outside: the three streams, the terminal, the installation and
 * the way to a cluster.
 *
 * @param home directory of {@code cluster.json}
 * @param root of the installation
 * @param columns width of the terminal, or 0 if standard output is not one: nothing is shortened
 *     then
 * @param connector opens a connection
 *     <p>Immutable.
 */
public record Shell(
        PrintStream out,
        PrintStream err,
        InputStream in,
        Path home,
        Path root,
        int columns,
        Connector connector) {

    /** Opens connections; a test hands in its own. */
    @FunctionalInterface
    public interface Connector {
        /**
         * Connects to the cluster that any of these endpoints belongs to.
         *
         * @param endpoints {@code host:port} of one or several nodes
         */
        ArbalestClient connect(List<String> endpoints);
    }
}
