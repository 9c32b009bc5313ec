package io.arbalest.jobs;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/**
 * Streams a Kafka topic into a collection; the main class of the ready job.
 *
 * <p>Inside a Flink cluster ({@code flink run}) it submits itself. With {@code --local} it brings a
 * cluster of its own in this JVM, prints {@code RUNNING jobId=... rest=PORT} when all tasks run,
 * and stays until the job ends. Files, topics, collection and fields are checked before anything is
 * submitted: a mistake is one coded line on standard error and exit code 1.
 *
 * <p>Confined to the main thread.
 */
@Command(
        name = "ingestion-job",
        mixinStandardHelpOptions = true,
        description = "Streams a Kafka topic into an Arbalest collection.")
public final class IngestionJob implements Callable<Integer> {
    private static final int DEFAULT_REST_PORT = 8081;

    @Option(
            names = "--config",
            required = true,
            paramLabel = "FILE",
            description = "YAML file, see jobs/README.md")
    private Path config = Path.of("");

    @Option(names = "--local", description = "run in this JVM, with a Flink cluster of its own")
    private boolean local;

    @Option(names = "--rest-port", paramLabel = "PORT", description = "with --local; default 8081")
    private int restPort = DEFAULT_REST_PORT;

    private IngestionJob() {}

    /** {@code --config FILE [--local [--rest-port PORT]]} */
    public static void main(String[] arguments) {
        CommandLine line = new CommandLine(new IngestionJob());
        line.setExecutionExceptionHandler(IngestionJob::explain);
        int code = line.execute(arguments);
        if (code != 0) {
            System.exit(code);
        }
    }

    private static int explain(Exception failure, CommandLine line, CommandLine.ParseResult result)
            throws Exception {
        if (failure instanceof ArbalestException coded) {
            line.getErr().println(coded.getMessage());
            return 1;
        }
        throw failure;
    }

    @Override
    public Integer call() throws Exception {
        IngestionConfig ingestion = IngestionConfig.load(config);
        KafkaTopics.prepare(ingestion.kafka());
        CollectionDefinition definition = DecodeFunction.definition(ingestion);
        new RecordDecoder(ingestion.rows(), definition);
        if (local) {
            return LocalRun.run(ingestion, restPort);
        }
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.getExecutionEnvironment();
        environment.configure(IngestionPipeline.settings(ingestion));
        IngestionPipeline.build(environment, ingestion);
        environment.executeAsync(name(ingestion));
        return 0;
    }

    static String name(IngestionConfig ingestion) {
        return "arbalest: " + ingestion.kafka().topic() + " -> " + ingestion.index().collection();
    }
}
