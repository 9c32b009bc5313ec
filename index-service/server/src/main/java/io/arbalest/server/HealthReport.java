package io.arbalest.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;

import io.arbalest.engine.NodeEngine;
import io.arbalest.engine.Shard;
import io.arbalest.engine.ShardStatistics;
import io.arbalest.io.uring.DiskSelection;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.NodeInfo;
import io.arbalest.simd.KernelSelfTest;
import io.arbalest.simd.VectorWidth;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Optional;

/**
 * The page {@code /healthz}: what a person wants to see first.
 *
 * <p>Thread-safe: no state.
 */
final class HealthReport {
    private static final JsonFactory JSON = new JsonFactory();

    private HealthReport() {}

    /**
     * @param storage how the log is written
     * @param obstacle why the node is not ready; empty: it is
     */
    static String json(
            NodeInfo self,
            DiskSelection storage,
            Optional<String> obstacle,
            ClusterImage image,
            NodeEngine engine)
            throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            json.writeStringField("name", self.name());
            json.writeStringField("incarnation", self.incarnation().toString());
            json.writeStringField("version", version());
            json.writeStringField("java", Runtime.version().toString());
            json.writeStringField("flight", self.host() + ":" + self.flightPort());
            json.writeStringField("wal", storage.backend().word());
            if (!storage.reason().isEmpty()) {
                json.writeStringField("walReason", storage.reason());
            }
            json.writeBooleanField("ready", obstacle.isEmpty());
            if (obstacle.isPresent()) {
                json.writeStringField("reason", obstacle.get());
            }
            json.writeNumberField("imageIndex", image.index());
            json.writeArrayFieldStart("nodes");
            for (String name : image.nodes().keySet()) {
                json.writeString(name);
            }
            json.writeEndArray();
            json.writeNumberField("vectorBits", VectorWidth.bits());
            json.writeStringField("vectorBitsReason", VectorWidth.reason());
            json.writeArrayFieldStart("kernels");
            for (KernelSelfTest.Measured kernel : engine.kernels()) {
                write(json, kernel);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("shards");
            for (Shard shard : engine.shards("")) {
                write(json, shard);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    private static void write(JsonGenerator json, KernelSelfTest.Measured kernel)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("kernel", kernel.kernel());
        json.writeNumberField("dimension", kernel.dimension());
        json.writeStringField("verdict", kernel.verdict().name().toLowerCase(Locale.ROOT));
        json.writeNumberField("nanosPerRow", tenths(kernel.nanosPerRow()));
        json.writeNumberField("scalarNanosPerRow", tenths(kernel.scalarNanosPerRow()));
        json.writeEndObject();
    }

    private static BigDecimal tenths(double value) {
        return BigDecimal.valueOf(value).setScale(1, RoundingMode.HALF_UP);
    }

    private static void write(JsonGenerator json, Shard shard) throws IOException {
        ShardStatistics statistics = shard.statistics();
        json.writeStartObject();
        json.writeStringField("collection", shard.collection().name());
        json.writeNumberField("shard", shard.id().number());
        json.writeStringField("state", statistics.state().name());
        json.writeNumberField("term", statistics.term());
        json.writeNumberField("durableSequenceNumber", statistics.durableSequenceNumber());
        json.writeNumberField("appliedSequenceNumber", statistics.appliedSequenceNumber());
        json.writeNumberField("livePoints", statistics.livePoints());
        json.writeNumberField("linkedPoints", statistics.linkedPoints());
        json.writeNumberField("tailPoints", statistics.tailPoints());
        json.writeNumberField("walBytes", statistics.walBytes());
        if (!statistics.error().isEmpty()) {
            json.writeStringField("error", statistics.error());
        }
        json.writeEndObject();
    }

    /** Of this build; from the jar's manifest. */
    static String version() {
        String version = HealthReport.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
