package io.arbalest.jobs.demo;

import io.arbalest.client.ArbalestClient;
import io.arbalest.jobs.local.FlinkRuntime;
import io.arbalest.jobs.local.KafkaBroker;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/**
 * The processes: broker, nodes, Flink with the ingestion job; and the collection between them.
 * Broker and nodes start side by side, since they do not need each other; the job needs both.
 *
 * <p>Confined to one thread.
 */
final class Pipeline {
    /** Topic partitions, and so the most that the job reads in parallel. */
    private static final int PARTITIONS = 2;

    private static final int LEAST_SHARDS = 3;

    /**
     * Half of the default effort of linking: everything here shares one machine, and recall stays
     * far above its bound.
     */
    private static final HnswParams GRAPH = new HnswParams(16, 100, 100);

    private static final int PORT_STRIDE = 10;

    private final Settings settings;
    private final Workplace workplace;
    private final Path embedding;
    private final int dimension;
    private final Screen screen;
    private final Cleanup cleanup;

    /** Everything that runs. */
    record Running(
            KafkaBroker broker,
            List<NodeProcess> nodes,
            ArbalestClient client,
            FlinkRuntime flink) {
        /** Fails if a process has ended by itself. */
        void check() {
            if (!broker.isAlive()) {
                throw ended("kafka", broker.log());
            }
            if (!flink.isAlive()) {
                throw ended("flink", flink.log());
            }
            for (NodeProcess node : nodes) {
                if (!node.isAlive()) {
                    throw ended(node.name(), node.log());
                }
            }
        }

        private static ArbalestException ended(String name, Path log) {
            return new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    name + " has ended by itself; its log ends: " + LogTail.of(log),
                    "see its log");
        }
    }

    Pipeline(
            Settings settings,
            Workplace workplace,
            Path embedding,
            int dimension,
            Screen screen,
            Cleanup cleanup) {
        this.settings = settings;
        this.workplace = workplace;
        this.embedding = embedding;
        this.dimension = dimension;
        this.screen = screen;
        this.cleanup = cleanup;
    }

    /** Starts everything; returns when the job runs. */
    Running start() {
        List<NodeProcess> nodes = launchNodes();
        CompletableFuture<KafkaBroker> starting = CompletableFuture.supplyAsync(this::startBroker);
        nodes.forEach(NodeProcess::awaitReady);
        screen.step(
                nodes.size() + (nodes.size() == 1 ? " index node" : " index nodes"),
                nodes.stream().map(NodeProcess::endpoint).collect(Collectors.joining(" ")));
        KafkaBroker broker = join(starting);
        ArbalestClient client =
                ArbalestClient.connect(nodes.stream().map(NodeProcess::endpoint).toList());
        cleanup.add(client::close);
        createCollection(client);
        try {
            ClusterJson.write(
                    workplace.clusterFile(),
                    settings,
                    nodes,
                    broker.bootstrapServers(),
                    embedding,
                    workplace.data());
            FlinkRuntime flink = startFlink(broker, nodes);
            return new Running(broker, nodes, client, flink);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot write below " + workplace.data() + ": " + e,
                    "check the disk",
                    e);
        }
    }

    private List<NodeProcess> launchNodes() {
        List<NodeProcess> nodes = new ArrayList<>();
        for (NodeProcess.Spec spec : specs()) {
            NodeProcess node = NodeProcess.launch(spec);
            cleanup.add(node::close);
            nodes.add(node);
        }
        return nodes;
    }

    private List<NodeProcess.Spec> specs() {
        List<NodeProcess.Spec> free =
                NodeProcess.clusterSpecs(workplace.data(), settings.nodes(), Map.of(), List.of());
        if (settings.firstPort().isEmpty()) {
            return free;
        }
        int first = settings.firstPort().get();
        List<NodeProcess.Member> members = new ArrayList<>();
        for (int node = 0; node < free.size(); node++) {
            int base = first + PORT_STRIDE * node;
            for (int port = base; port < base + 3; port++) {
                checkFree(port);
            }
            members.add(new NodeProcess.Member(free.get(node).name(), "127.0.0.1", base + 2));
        }
        List<NodeProcess.Spec> specs = new ArrayList<>();
        for (int node = 0; node < free.size(); node++) {
            NodeProcess.Spec spec = free.get(node);
            int base = first + PORT_STRIDE * node;
            specs.add(
                    new NodeProcess.Spec(
                            spec.name(),
                            spec.directory(),
                            base,
                            base + 1,
                            base + 2,
                            members,
                            spec.settings(),
                            spec.jvmFlags()));
        }
        return specs;
    }

    private static void checkFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.PORT_IN_USE,
                    "port " + port + " is in use",
                    "stop what listens there, or leave --port out: the demo then takes free ports",
                    e);
        }
    }

    private KafkaBroker startBroker() {
        KafkaBroker broker = KafkaBroker.start(workplace.data().resolve("kafka"));
        cleanup.add(broker::close);
        broker.createTopic(settings.collection(), PARTITIONS, Map.of());
        broker.createTopic(settings.deadLetterTopic(), 1, Map.of());
        screen.step("Kafka broker", broker.bootstrapServers() + ", topic " + settings.collection());
        return broker;
    }

    private static KafkaBroker join(CompletableFuture<KafkaBroker> starting) {
        try {
            return starting.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof ArbalestException coded) {
                throw coded;
            }
            throw e;
        }
    }

    private void createCollection(ArbalestClient client) {
        int shards = Math.max(LEAST_SHARDS, settings.nodes());
        client.createCollection(
                new CollectionDefinition(
                        settings.collection(),
                        new UUID(0, 0),
                        KeyType.STRING,
                        dimension,
                        Metric.IP,
                        GRAPH,
                        List.of(
                                new Field("version", FieldType.STRING),
                                new Field("section", FieldType.STRING),
                                new Field("priority", FieldType.STRING),
                                new Field("installed_kb", FieldType.LONG),
                                new Field("maintainer", FieldType.STRING),
                                new Field("tags", FieldType.STRING_ARRAY, false),
                                new Field("summary", FieldType.STRING, false)),
                        shards,
                        1),
                false);
        screen.step(
                "collection",
                String.format(
                        Locale.ROOT,
                        "%s, %d dimensions, %d shards",
                        settings.collection(),
                        dimension,
                        shards));
    }

    private FlinkRuntime startFlink(KafkaBroker broker, List<NodeProcess> nodes)
            throws IOException {
        Path configuration = workplace.data().resolve("ingestion.yaml");
        JobFile.write(configuration, settings, broker.bootstrapServers(), nodes, embedding);
        FlinkRuntime.Options options =
                FlinkRuntime.Options.of(configuration, workplace.data().resolve("flink.log"));
        FlinkRuntime flink = FlinkRuntime.start(options);
        cleanup.add(flink::close);
        screen.step("ingestion job", "running in Flink, http://127.0.0.1:" + flink.restPort());
        return flink;
    }
}
