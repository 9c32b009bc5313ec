package io.arbalest.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.common.Metrics;
import io.arbalest.common.SystemScheduler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;

class HealthServerTest {
    private final SystemScheduler scheduler = new SystemScheduler();
    private final PrometheusMetrics metrics = PrometheusMetrics.withHotspotExports();
    private HealthServer server;

    @BeforeEach
    void start() {
        server =
                HealthServer.start(
                        "127.0.0.1",
                        0,
                        Map.of(
                                "/livez",
                                () -> HealthServer.Answer.ok(HealthServer.TEXT, "ok\n"),
                                "/readyz",
                                () -> new HealthServer.Answer(503, HealthServer.TEXT, "not yet\n"),
                                "/metrics",
                                () ->
                                        HealthServer.Answer.ok(
                                                HealthServer.PROMETHEUS, metrics.scrape()),
                                "/broken",
                                () -> {
                                    throw new IOException("disk gone");
                                }),
                        scheduler.parallel("http", 1));
    }

    @AfterEach
    void stop() {
        server.close();
        scheduler.close();
    }

    private HttpResponse<String> call(String method, String path)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
            return client.send(
                    HttpRequest.newBuilder(uri)
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void pagesAnswerWithTheirStatus() throws Exception {
        assertThat(call("GET", "/livez").body()).isEqualTo("ok\n");
        assertThat(call("GET", "/readyz").statusCode()).isEqualTo(503);
        assertThat(call("GET", "/readyz").body()).isEqualTo("not yet\n");
        assertThat(call("HEAD", "/livez").statusCode()).isEqualTo(200);
        assertThat(call("GET", "/nothing").statusCode()).isEqualTo(404);
        assertThat(call("POST", "/livez").statusCode()).isEqualTo(405);
        assertThat(call("GET", "/broken").statusCode()).isEqualTo(500);
        assertThat(call("GET", "/livez").statusCode()).as("still alive").isEqualTo(200);
    }

    @Test
    void metricsAreInTheTextFormat() throws Exception {
        Metrics.Counter rows = metrics.counter("arbalest_test_rows_total", "Rows", "shard", "0");
        rows.add(3);
        metrics.counter("arbalest_test_rows_total", "Rows", "shard", "1").add(4);
        metrics.histogram("arbalest_test_wait_seconds", "Wait").observe(0.3);
        metrics.gauge("arbalest_test_open", "Open", () -> 1, "shard", "0");
        metrics.gauge("arbalest_test_open", "Open", () -> 2, "shard", "0");
        metrics.gauge(
                "arbalest_test_broken",
                "Broken",
                () -> {
                    throw new IllegalStateException("closed");
                });

        assertThat(call("GET", "/metrics").body())
                .contains("arbalest_test_rows_total{shard=\"0\",} 3.0")
                .contains("arbalest_test_rows_total{shard=\"1\",} 4.0")
                .contains("arbalest_test_wait_seconds_bucket{le=\"0.5\",} 1.0")
                .contains("arbalest_test_open{shard=\"0\",} 2.0")
                .contains("arbalest_test_broken NaN")
                .contains("jvm_memory_bytes_used");

        metrics.remove("shard", "0");
        assertThat(call("GET", "/metrics").body())
                .doesNotContain("shard=\"0\"")
                .contains("arbalest_test_rows_total{shard=\"1\",} 4.0");
    }

    @Test
    void aLabelMissingOrAddedIsAProgrammingError() {
        metrics.counter("arbalest_test_total", "Test", "shard", "0");
        assertThatThrownBy(() -> metrics.counter("arbalest_test_total", "Test"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aPortInUseIsNamedWithItsKey() {
        assertThatThrownBy(() -> Ports.probe("127.0.0.1", server.port(), ConfigKey.HTTP_PORT))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.PORT_IN_USE);
                            assertThat(e.getMessage())
                                    .contains("http.port")
                                    .contains(":" + server.port());
                        });
    }
}
