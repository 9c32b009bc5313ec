package io.arbalest.jobs.local;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A real Apache Kafka broker in a child JVM: KRaft, broker and controller in one, one replica,
 * plain text on loopback.
 *
 * <p>Its ports and its directory outlive {@link #kill} and {@link #restart}.
 *
 * <p>Confined to one thread.
 */
public final class KafkaBroker implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration ADMIN_TIMEOUT = Duration.ofMinutes(1);

    private final Path directory;
    private final Options options;
    private final int port;
    private ChildProcess process;

    /**
     * How to run it.
     *
     * @param port of the plain listener; 0 takes a free one
     */
    public record Options(JavaRuntime java, int heapMegabytes, int port) {
        public static Options defaults() {
            return new Options(JavaRuntime.current(), 512, 0);
        }
    }

    private KafkaBroker(Path directory, Options options, int port) {
        this.directory = directory;
        this.options = options;
        this.port = port;
        this.process = launch();
    }

    /**
     * Starts a broker whose data, properties and log lie in this directory; returns when it serves.
     */
    public static KafkaBroker start(Path directory) {
        return start(directory, Options.defaults());
    }

    /** As {@link #start(Path)}; fails with PROCESS_FAILED, quoting its log. */
    public static KafkaBroker start(Path directory, Options options) {
        int[] ports = Ports.free(2);
        int port = options.port() == 0 ? ports[0] : options.port();
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(absolute);
            Files.writeString(
                    absolute.resolve("server.properties"), properties(absolute, port, ports[1]));
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    "cannot write the broker's files into " + absolute + ": " + e,
                    "",
                    e);
        }
        return new KafkaBroker(absolute, options, port);
    }

    private static String properties(Path directory, int port, int controllerPort) {
        return String.join(
                "\n",
                "process.roles=broker,controller",
                "node.id=1",
                "controller.quorum.bootstrap.servers=127.0.0.1:" + controllerPort,
                "listeners=PLAINTEXT://127.0.0.1:"
                        + port
                        + ",CONTROLLER://127.0.0.1:"
                        + controllerPort,
                "controller.listener.names=CONTROLLER",
                "log.dirs=" + directory.resolve("data"),
                "auto.create.topics.enable=false",
                "broker.session.timeout.ms=2000",
                "broker.heartbeat.interval.ms=500",
                "num.network.threads=2",
                "num.io.threads=2",
                "group.initial.rebalance.delay.ms=0",
                "offsets.topic.replication.factor=1",
                "offsets.topic.num.partitions=1",
                "transaction.state.log.replication.factor=1",
                "transaction.state.log.min.isr=1",
                "transaction.state.log.num.partitions=1",
                "share.coordinator.state.topic.replication.factor=1",
                "share.coordinator.state.topic.min.isr=1",
                "log.cleaner.dedupe.buffer.size=4194304",
                "");
    }

    private ChildProcess launch() {
        List<String> command = new ArrayList<>(List.of(options.java().java().toString()));
        Path log = directory.resolve("broker.log");
        command.addAll(options.java().flags());
        command.add(ChildProcess.temporaryFilesBeside(log));
        command.addAll(
                List.of(
                        "-Xmx" + options.heapMegabytes() + "m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dlog4j2.configurationFile=classpath:log4j2-child.properties",
                        "-cp",
                        Repository.jobsClassPath(),
                        ParentWatch.class.getName(),
                        KafkaBrokerMain.class.getName(),
                        directory.resolve("server.properties").toString()));
        ChildProcess child = ChildProcess.start("kafka", command, KafkaBrokerMain.READY, log);
        child.awaitReady(START_TIMEOUT);
        return child;
    }

    /** What clients connect to, {@code 127.0.0.1:port}. */
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Where its output goes. */
    public Path log() {
        return process.log();
    }

    /**
     * Creates a topic with one replica, for example with {@code Map.of("cleanup.policy",
     * "compact")}.
     */
    public void createTopic(String name, int partitions, Map<String, String> configuration) {
        Map<String, Object> connection =
                Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers());
        try (Admin admin = Admin.create(connection)) {
            NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(configuration);
            admin.createTopics(List.of(topic))
                    .all()
                    .get(ADMIN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED,
                    "topic " + name + " cannot be created: " + e,
                    "see " + log(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED, "interrupted while creating topic " + name, "", e);
        }
    }

    /** SIGKILL. */
    public void kill() {
        process.kill();
    }

    /** Starts it again on the same port and data; ends it first if it still runs. */
    public void restart() {
        process.terminate(STOP_TIMEOUT);
        process = launch();
    }

    /** Kills it; its data stays. */
    @Override
    public void close() {
        process.kill();
    }
}
