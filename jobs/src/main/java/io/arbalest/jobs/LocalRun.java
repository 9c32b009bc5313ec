package io.arbalest.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs a job with a Flink cluster in this JVM.
 *
 * <p>Thread-safe: no state.
 */
final class LocalRun {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration REST_TIMEOUT = Duration.ofSeconds(10);

    private LocalRun() {}

    /** Blocks until the job ends; 0 if it was cancelled or finished. */
    static int run(IngestionConfig config, int port) throws Exception {
        Configuration settings = IngestionPipeline.settings(config);
        settings.set(RestOptions.BIND_PORT, Integer.toString(port));
        settings.set(RestOptions.PORT, port);
        settings.set(RestOptions.BIND_ADDRESS, "127.0.0.1");
        settings.set(TaskManagerOptions.NUM_TASK_SLOTS, config.execution().parallelism());
        StreamExecutionEnvironment environment =
                StreamExecutionEnvironment.createLocalEnvironment(
                        config.execution().parallelism(), settings);
        IngestionPipeline.build(environment, config);
        JobClient job = environment.executeAsync(IngestionJob.name(config));
        CompletableFuture<JobExecutionResult> end = job.getJobExecutionResult();
        URI status = URI.create("http://127.0.0.1:" + port + "/jobs/" + job.getJobID());
        HttpClient http = HttpClient.newBuilder().connectTimeout(REST_TIMEOUT).build();
        boolean ended = false;
        while (!ended && !allTasksRun(http, status)) {
            ended = endsWithin(end, POLL);
        }
        if (!ended) {
            PrintStream out =
                    new PrintStream(
                            new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            out.println("RUNNING jobId=" + job.getJobID() + " rest=" + port);
        }
        try {
            end.get();
            return 0;
        } catch (ExecutionException e) {
            throw new ArbalestException(
                    ErrorCode.PROCESS_FAILED, "the job failed: " + e.getCause(), "see its log", e);
        }
    }

    private static boolean endsWithin(CompletableFuture<JobExecutionResult> end, Duration wait)
            throws InterruptedException {
        try {
            end.get(wait.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            return true; // told by whoever waits for the end
        }
    }

    private static boolean allTasksRun(HttpClient http, URI status) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(status).timeout(REST_TIMEOUT).build();
        try {
            HttpResponse<String> response =
                    http.send(request, HttpResponse.BodyHandlers.ofString());
            JsonNode job = new ObjectMapper().readTree(response.body());
            boolean running = job.path("state").asText().equals("RUNNING");
            for (JsonNode vertex : job.path("vertices")) {
                running &= vertex.path("status").asText().equals("RUNNING");
            }
            return running;
        } catch (IOException e) {
            return false; // REST is not up yet
        }
    }
}
