package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.jobs.local.NodeProcess;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A real node, and the doctor, where a seccomp filter refuses io_uring, as container runtimes do:
 * they say so, with the cause and what to change.
 */
class RefusedUringITCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path SOURCE =
            Path.of(
                    "../index-service/testkit/src/main/resources/io/arbalest/testkit/refuse-io-uring.c");
    private static final String CAUSE = "io_uring_setup gave EPERM";
    private static final String REMEDY = "io_uring_register in the container's seccomp profile";

    /** What runs a command with io_uring refused. */
    private List<String> refusing = List.of();

    @BeforeEach
    void compileTheFilter(@TempDir Path directory) throws Exception {
        Path filter = directory.resolve("refuse-io-uring");
        Assumptions.assumeTrue(House.runs("gcc", "--version"), "no gcc on this machine");
        assertThat(House.runs("gcc", "-o", filter.toString(), SOURCE.toString())).isTrue();
        refusing = List.of(filter.toString(), "1");
    }

    @Test
    void aNodeServesWithFileChannelAndSaysWhy(@TempDir Path directory) throws Exception {
        NodeProcess.Spec spec = NodeProcess.clusterSpecs(directory, 1, Map.of(), List.of()).get(0);
        try (Launcher node =
                Launcher.start(directory, refusing, settings(spec, "auto"), List.of("node"))) {
            House.await(
                    "readiness",
                    PATIENCE,
                    () -> node.outputSoFar().contains("READY"),
                    () -> node.outputSoFar() + node.errorsSoFar());
            assertThat((node.outputSoFar() + node.errorsSoFar()).lines())
                    .filteredOn(line -> line.contains("FileChannel"))
                    .singleElement()
                    .asString()
                    .contains("WARN", "not io_uring", CAUSE, "seccomp", "fix: ", REMEDY);
            HttpClient http = HttpClient.newHttpClient();
            assertThat(House.page(http, spec, "/healthz"))
                    .contains("\"wal\" : \"filechannel\"", "\"walReason\" : \"" + CAUSE, REMEDY);
            assertThat(House.page(http, spec, "/metrics").lines())
                    .filteredOn(line -> line.startsWith("arbalest_wal_io_backend{"))
                    .singleElement()
                    .asString()
                    .contains("backend=\"filechannel\"", "cause=\"" + CAUSE, "seccomp")
                    .endsWith("} 1.0");
        }
    }

    @Test
    void aNodeThatMustUseItRefusesToStart(@TempDir Path directory) throws Exception {
        NodeProcess.Spec spec = NodeProcess.clusterSpecs(directory, 1, Map.of(), List.of()).get(0);
        try (Launcher node =
                Launcher.start(directory, refusing, settings(spec, "io_uring"), List.of("node"))) {
            Launcher.Ended ended = node.await(PATIENCE);
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.output()).doesNotContain("READY");
            assertThat(ended.errorLines())
                    .last()
                    .asString()
                    .startsWith("ARB-3008 wal.io is io_uring, but " + CAUSE)
                    .contains("seccomp", "Fix: allow ", REMEDY, "or set wal.io to auto");
        }
    }

    @Test
    void theDoctorSaysWhatToChange(@TempDir Path directory) throws Exception {
        try (Launcher doctor = Launcher.start(directory, refusing, Map.of(), List.of("doctor"))) {
            Launcher.Ended ended = doctor.await(PATIENCE);
            assertThat(ended.output().lines())
                    .filteredOn(line -> line.startsWith("io_uring"))
                    .singleElement()
                    .asString()
                    .contains("warn", "written with FileChannel: " + CAUSE, "Fix: allow ", REMEDY);
        }
    }

    private static Map<String, String> settings(NodeProcess.Spec spec, String io) {
        Map<String, String> settings = new HashMap<>();
        settings.put("ARBALEST_NODE_DATA_DIR", spec.directory().resolve("data").toString());
        settings.put("ARBALEST_FLIGHT_PORT", Integer.toString(spec.flightPort()));
        settings.put("ARBALEST_HTTP_PORT", Integer.toString(spec.httpPort()));
        settings.put("ARBALEST_RATIS_PORT", Integer.toString(spec.ratisPort()));
        settings.put("ARBALEST_WAL_IO", io);
        return settings;
    }
}
