package io.arbalest.jobs.local;

import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * The main class of the broker's JVM: formats the log directory if it is new, starts a combined
 * KRaft broker and controller, and prints {@value #READY} when it serves. Argument: the broker's
 * properties file.
 *
 * <p>Thread-safe: no state.
 */
public final class KafkaBrokerMain {
    static final String READY = "READY";

    private KafkaBrokerMain() {}

    /** Runs until SIGTERM. */
    public static void main(String[] arguments) throws Exception {
        PrintStream out =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        Path file = Path.of(arguments[0]);
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        if (!Files.exists(Path.of(properties.getProperty("log.dirs"), "meta.properties"))) {
            String[] format = {
                "format", "--standalone", "-t", Uuid.randomUuid().toString(), "-c", file.toString()
            };
            int code = StorageTool.execute(format, out);
            if (code != 0) {
                throw new IllegalStateException(
                        "the log directory cannot be formatted: code " + code);
            }
        }
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        server.startup();
        out.println(READY);
        server.awaitShutdown();
    }
}
