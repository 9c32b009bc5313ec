package io.arbalest.it;

import io.arbalest.client.ArbalestClient;
import io.arbalest.jobs.local.KafkaBroker;
import io.arbalest.jobs.local.NodeProcess;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A running house: three index nodes as processes, optionally a broker, and a client outside of
 * them.
 *
 * <p>Confined to the test's thread.
 */
final class House implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);

    final Path directory;
    final List<NodeProcess> nodes;
    final ArbalestClient client;
    private final HttpClient http = HttpClient.newHttpClient();

    private House(Path directory, List<NodeProcess> nodes, ArbalestClient client) {
        this.directory = directory;
        this.nodes = nodes;
        this.client = client;
    }

    /** Starts nodes with these extra settings, on free ports below the directory. */
    static House start(Path directory, int nodeCount, Map<String, Object> settings) {
        List<NodeProcess> nodes =
                NodeProcess.startCluster(directory, nodeCount, settings, List.of("-Xmx512m"));
        try {
            return new House(
                    directory,
                    nodes,
                    ArbalestClient.connect(nodes.stream().map(NodeProcess::endpoint).toList()));
        } catch (RuntimeException e) {
            nodes.forEach(NodeProcess::close);
            throw e;
        }
    }

    /** A broker whose data lies beside the nodes'. */
    KafkaBroker startBroker() {
        return KafkaBroker.start(directory.resolve("kafka"));
    }

    /** Runs a command against the nodes, from a directory, to its end. */
    Launcher.Ended run(Path from, Duration timeout, String... arguments) throws Exception {
        List<String> all = new ArrayList<>(List.of(arguments));
        for (NodeProcess node : nodes) {
            all.add("--endpoint");
            all.add(node.endpoint());
        }
        return Launcher.run(from, timeout, all.toArray(String[]::new));
    }

    /** The node with this name. */
    NodeProcess node(String name) {
        return nodes.stream().filter(node -> node.name().equals(name)).findFirst().orElseThrow();
    }

    /**
     * Rows of this node that are acknowledged and lie in its log and tail only: what a crash must
     * not lose.
     */
    long tailRows(String collection, NodeProcess node) {
        return client.shardReports(collection).stream()
                .filter(report -> report.node().equals(node.name()))
                .mapToLong(ArbalestClient.ShardReport::tailPoints)
                .sum();
    }

    /** What the node answers at this path of its HTTP port. */
    String page(NodeProcess node, String path) throws IOException, InterruptedException {
        return page(http, node.spec(), path);
    }

    static String page(HttpClient http, NodeProcess.Spec node, String path)
            throws IOException, InterruptedException {
        URI page = URI.create("http://127.0.0.1:" + node.httpPort() + path);
        return http.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString()).body();
    }

    /** The node's metrics by name, summed over their labels. */
    Map<String, Double> metrics(NodeProcess node) throws IOException, InterruptedException {
        Map<String, Double> sums = new HashMap<>();
        for (String line : page(node, "/metrics").split("\n", -1)) {
            int end = line.indexOf('{') < 0 ? line.indexOf(' ') : line.indexOf('{');
            if (end > 0 && !line.startsWith("#")) {
                double value = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
                sums.merge(line.substring(0, end), value, Double::sum);
            }
        }
        return sums;
    }

    /** Visible points over all shards. */
    long livePoints(String collection) {
        return client.shardReports(collection).stream()
                .mapToLong(ArbalestClient.ShardReport::livePoints)
                .sum();
    }

    /**
     * Waits until the condition holds; fails with the text that describes what is there instead.
     */
    static void await(
            String what, Duration timeout, BooleanSupplier condition, Supplier<String> otherwise) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(
                        what
                                + " did not happen within "
                                + timeout.toSeconds()
                                + " s: "
                                + otherwise.get());
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
    }

    /** Whether a program of the system ran and ended well; false where it is missing. */
    static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        client.close();
        nodes.forEach(NodeProcess::close);
    }
}
