package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.jobs.local.NodeProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** How a node starts. */
class NodeStartITCase {
    /**
     * Without it, a node needs twice the processor time to start, and the JVM says nothing of an
     * archive that it does not use, unless it must.
     */
    @Test
    void classesComeFromTheArchiveOfTheBuild(@TempDir Path directory) throws Exception {
        List<String> must = List.of("-Xshare:on");
        try (NodeProcess node = NodeProcess.startCluster(directory, 1, Map.of(), must).get(0)) {
            assertThat(Files.readAllLines(Path.of("/proc/" + node.pid() + "/maps")))
                    .as("files that the node has mapped")
                    .anyMatch(line -> line.endsWith("/node.jsa"));
            assertThat(Files.readString(node.log()))
                    .contains("READY")
                    .doesNotContainIgnoringCase("error");
        }
    }
}
