package io.arbalest.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/**
 * The node's HTTP port: small text answers to GET and HEAD, for people, probes and Prometheus.
 * Other paths get 404, other methods 405.
 *
 * <p>Thread-safe. Close stops it at once.
 */
final class HealthServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(HealthServer.class.getName());

    /** Connections that may wait to be accepted. */
    private static final int BACKLOG = 64;

    static final String TEXT = "text/plain; charset=utf-8";
    static final String JSON = "application/json";
    static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;

    private HealthServer(HttpServer server) {
        this.server = server;
    }

    /** What a page answers. */
    record Answer(int status, String contentType, String body) {
        static Answer ok(String contentType, String body) {
            return new Answer(200, contentType, body);
        }
    }

    /** Makes one answer; called for every request, from any thread. */
    @FunctionalInterface
    interface Page {
        Answer answer() throws IOException;
    }

    /**
     * Binds and serves.
     *
     * @param port 0: any free port
     */
    static HealthServer start(String host, int port, Map<String, Page> pages, Executor executor) {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(host, port), BACKLOG);
        } catch (BindException e) {
            throw Ports.inUse(host, port, ConfigKey.HTTP_PORT, e);
        } catch (IOException e) {
            throw new ArbalestException(
                    ErrorCode.IO_FAILED,
                    "cannot listen for HTTP on " + host + ":" + port + ": " + e,
                    "check node.host",
                    e);
        }
        server.createContext("/", handler(new TreeMap<>(pages)));
        server.setExecutor(executor);
        server.start();
        return new HealthServer(server);
    }

    int port() {
        return server.getAddress().getPort();
    }

    private static HttpHandler handler(Map<String, Page> pages) {
        return exchange -> {
            try (exchange) {
                send(exchange, answer(pages, exchange));
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "HTTP client went away", e);
            }
        };
    }

    private static Answer answer(Map<String, Page> pages, HttpExchange exchange) {
        Page page = pages.get(exchange.getRequestURI().getPath());
        if (page == null) {
            return new Answer(
                    404, TEXT, "not found; there are " + String.join(" ", pages.keySet()) + "\n");
        }
        String method = exchange.getRequestMethod();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
            return new Answer(405, TEXT, "use GET\n");
        }
        try {
            return page.answer();
        } catch (IOException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot answer " + exchange.getRequestURI(), e);
            return new Answer(500, TEXT, e + "\n");
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.contentType());
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(answer.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(answer.status(), body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
