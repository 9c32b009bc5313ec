package io.arbalest.jobs.local;

import io.arbalest.jobs.IngestionJob;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An ingestion job in a child JVM with a Flink cluster of its own inside (job manager, task
 * manager, REST).
 *
 * <p>{@link #restart} starts the job anew from its configuration: it goes on from the offsets that
 * its last completed checkpoint committed to Kafka.
 *
 * <p>Confined to one thread.
 */
public final class FlinkRuntime implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
    private static final Pattern RUNNING = Pattern.compile("RUNNING jobId=(\\S+) rest=\\d+");

    private final Options options;
    private final int restPort;
    private ChildProcess process;
    private String jobId = "";

    /**
     * How to run it.
     *
     * @param configuration the job's file, see jobs/README.md
     * @param log where its output goes
     * @param restPort 0 takes a free one
     * @param jvmFlags added last
     */
    public record Options(
            JavaRuntime java,
            Path configuration,
            Path log,
            int restPort,
            int heapMegabytes,
            List<String> jvmFlags) {
        /** On this JVM's release, with a free REST port. */
        public static Options of(Path configuration, Path log) {
            return new Options(JavaRuntime.current(), configuration, log, 0, 1024, List.of());
        }
    }

    private FlinkRuntime(Options options) {
        this.options = options;
        this.restPort = options.restPort() == 0 ? Ports.free(1)[0] : options.restPort();
        this.process = spawn(options, restPort);
        awaitRunning();
    }

    /**
     * Starts the job; returns when Flink reports it RUNNING, fails with PROCESS_FAILED, quoting its
     * log.
     */
    public static FlinkRuntime start(Options options) {
        return new FlinkRuntime(options);
    }

    private static ChildProcess spawn(Options options, int restPort) {
        List<String> command = new ArrayList<>(List.of(options.java().java().toString()));
        command.addAll(options.java().flags());
        command.addAll(
                List.of(
                        "-Xmx" + options.heapMegabytes() + "m",
                        ChildProcess.temporaryFilesBeside(options.log()),
                        "-Dlog4j2.configurationFile=classpath:log4j2-child.properties"));
        command.addAll(options.jvmFlags());
        command.addAll(
                List.of(
                        "-cp",
                        Repository.jobsClassPath(),
                        ParentWatch.class.getName(),
                        IngestionJob.class.getName(),
                        "--config",
                        options.configuration().toAbsolutePath().toString(),
                        "--local",
                        "--rest-port",
                        Integer.toString(restPort)));
        return ChildProcess.start("flink", command, "RUNNING", options.log().toAbsolutePath());
    }

    private void awaitRunning() {
        String line = process.awaitReady(START_TIMEOUT);
        Matcher matcher = RUNNING.matcher(line);
        if (!matcher.matches()) {
            process.kill();
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED, "flink printed '" + line + "'", "see " + log());
        }
        jobId = matcher.group(1);
    }

    /** Flink's id of the running job, 32 hexadecimal digits. */
    public String jobId() {
        return jobId;
    }

    /** Port of Flink's REST interface on loopback; the same over restarts. */
    public int restPort() {
        return restPort;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public Path log() {
        return process.log();
    }

    /** SIGKILL. */
    public void kill() {
        process.kill();
    }

    /** SIGTERM; returns the exit code. */
    public int stop() {
        return process.terminate(STOP_TIMEOUT);
    }

    /** Starts it again; ends it first if it still runs. */
    public void restart() {
        process.terminate(STOP_TIMEOUT);
        process = spawn(options, restPort);
        awaitRunning();
    }

    /** Kills it. */
    @Override
    public void close() {
        process.kill();
    }
}
