package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * A command that talks to a cluster: finds its nodes, connects, prints in the format that was asked
 * for. The nodes are those of {@code --endpoint}, else of {@code cluster.json}, else {@value
 * #DEFAULT_ENDPOINT}.
 *
 * <p>Confined to the main thread.
 */
abstract class ClusterCommand implements Callable<Integer> {
    static final String DEFAULT_ENDPOINT = "127.0.0.1:7400";

    final Shell shell;

    @Mixin OutputOptions output = new OutputOptions();

    @Option(
            names = {"-e", "--endpoint"},
            paramLabel = "HOST:PORT",
            description =
                    "a node to ask first; may be repeated; default: the nodes of the running demo,"
                            + " else "
                            + DEFAULT_ENDPOINT)
    List<String> endpoints = List.of();

    private Optional<ClusterFile> clusterFile = Optional.empty();

    ClusterCommand(Shell shell) {
        this.shell = shell;
    }

    /** Does the work; returns an exit code. */
    abstract int run(ArbalestClient client) throws Exception;

    @Override
    public final Integer call() throws Exception {
        List<String> nodes = endpointsInUse();
        nodes.forEach(ClusterCommand::checkEndpoint);
        try (ArbalestClient client = shell.connector().connect(nodes)) {
            return run(client);
        }
    }

    final List<String> endpointsInUse() {
        if (!endpoints.isEmpty()) {
            return endpoints;
        }
        List<String> known = clusterFile().endpoints();
        return known.isEmpty() ? List.of(DEFAULT_ENDPOINT) : known;
    }

    final ClusterFile clusterFile() {
        ClusterFile file = clusterFile.orElseGet(() -> ClusterFile.read(shell.home()));
        clusterFile = Optional.of(file);
        return file;
    }

    /** The collection that was named, else the demo's, else the only one there is. */
    final ClusterImage.Collection collection(ArbalestClient client, Optional<String> named) {
        ClusterImage image = client.image();
        Optional<String> name = named.or(() -> clusterFile().collection());
        if (name.isPresent()) {
            return image.requireCollection(name.get());
        }
        if (image.collections().size() == 1) {
            return image.collections().values().iterator().next();
        }
        throw new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                "no collection named, and the cluster has " + image.collections().keySet(),
                "add --collection NAME");
    }

    final void printJson(Object value) {
        shell.out().println(Json.pretty(value));
    }

    final void printTable(TextTable table) {
        table.render(shell.columns()).forEach(shell.out()::println);
    }

    /** A coded line on standard error that does not end the command. */
    final void printError(ArbalestException error) {
        shell.err().println(ErrorLine.render(error, output.json()));
    }

    private static void checkEndpoint(String endpoint) {
        int colon = endpoint.lastIndexOf(':');
        boolean good = colon > 0 && endpoint.substring(colon + 1).matches("[0-9]{1,5}");
        if (!good || Integer.parseInt(endpoint.substring(colon + 1)) > 65_535) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "'" + endpoint + "' is not an endpoint",
                    "write host:port, for example " + DEFAULT_ENDPOINT);
        }
    }
}
