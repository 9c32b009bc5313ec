package io.arbalest.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.engine.SegmentMemory;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

class ConfigurationTest {
    private static final String THREE_MEMBERS =
            """
            node: {name: node-1, data-dir: /var/lib/a}
            ratis: {port: 7412}
            cluster:
              members:
                - {name: node-0, host: 127.0.0.1, ratis-port: 7402}
                - {name: node-1, host: 127.0.0.1, ratis-port: 7412}
                - {name: node-2, host: 10.0.0.3, ratis-port: 7422}
            """;

    @TempDir Path directory;

    private Settings read(String yaml, Map<String, String> environment) throws IOException {
        Path file = directory.resolve("node.yaml");
        Files.writeString(file, yaml);
        return ConfigReader.read(file, environment);
    }

    private NodeConfig config(String yaml) throws IOException {
        return NodeConfig.of(read(yaml, Map.of()));
    }

    @Test
    void nothingGivenMeansOneNodeAlone() {
        NodeConfig config = NodeConfig.of(ConfigReader.read(null, Map.of()));

        assertThat(config.node().name()).isEqualTo("node-0");
        assertThat(config.ports()).isEqualTo(new NodeConfig.Ports(7400, 7401, 7402));
        assertThat(config.members())
                .containsExactly(new NodeConfig.Member("node-0", "127.0.0.1", 7402));
        assertThat(config.wal().fileBytes()).isEqualTo(16 << 20);
        assertThat(config.engine().unlinkedTailRows()).isEqualTo(2048);
        assertThat(config.engine().indexerThreads()).isPositive();
    }

    @Test
    void segmentMemoryIsOneOfThreeWords() throws IOException {
        assertThat(config("engine: {segment-memory: locked}").engine().segmentMemory())
                .isEqualTo(SegmentMemory.LOCKED);
        assertThatThrownBy(() -> config("engine: {segment-memory: huge}"))
                .hasMessageContaining("engine.segment-memory")
                .hasMessageContaining("advised, locked or mapped");
    }

    @Test
    void theExampleFileSaysTheDefaults() throws IOException {
        try (InputStream example =
                Objects.requireNonNull(ArbalestNode.class.getResourceAsStream("/node.yaml"))) {
            String text = new String(example.readAllBytes(), StandardCharsets.UTF_8);

            assertThat(config(text)).isEqualTo(NodeConfig.of(ConfigReader.read(null, Map.of())));
            for (ConfigKey key : ConfigKey.values()) {
                String last = key.path().substring(key.path().indexOf('.') + 1);
                assertThat(text).contains("  " + last + ":");
            }
        }
    }

    @Test
    void membersAreReadFromTheFile() throws IOException {
        NodeConfig config = config(THREE_MEMBERS);

        assertThat(config.members())
                .hasSize(3)
                .contains(new NodeConfig.Member("node-2", "10.0.0.3", 7422));
        assertThat(config.self()).isEqualTo(new NodeConfig.Member("node-1", "127.0.0.1", 7412));
    }

    @Test
    void theEnvironmentWinsAndSaysSo() throws IOException {
        Settings settings =
                read(
                        THREE_MEMBERS,
                        Map.of(
                                "ARBALEST_NODE_DATA_DIR", "/data",
                                "ARBALEST_CLUSTER_MEMBERS", "node-1@127.0.0.1:7412",
                                "ARBALEST_HOME", "/not/ours",
                                "PATH", "/bin"));

        assertThat(NodeConfig.of(settings).node().dataDirectory()).isEqualTo(Path.of("/data"));
        assertThat(NodeConfig.of(settings).members()).hasSize(1);
        assertThat(settings.lines())
                .anyMatch(line ->
                        line.matches(
                                "node\\.data-dir +=\\s/data +# environment ARBALEST_NODE_DATA_DIR"))
                .anyMatch(line ->
                        line.startsWith("node.name")
                                && line.endsWith("# " + directory.resolve("node.yaml")))
                .anyMatch(line -> line.matches("flight\\.port +=\\s7400 +# default"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "node: {data-dri: x}                | node.data-dri              | did you mean"
                        + " node.data-dir?",
                "flihgt: {port: 1}                  | flihgt.port                | did you mean"
                        + " flight.port?",
                "wal: {file-byte: 1}                | wal.file-byte              | did you mean"
                        + " wal.file-bytes?",
                "nodes: 1                           | nodes                      | did you mean"
                        + " node?",
                "cluster: {members: [{nmae: a}]}    | cluster.members[].nmae     | did you mean"
                        + " cluster.members[].name?",
                "flight: {port: x}                  | flight.port                | 0..65535",
                "flight: {port: 70000}              | flight.port                | 0..65535",
                "wal: {io: uring}                   | wal.io                     | auto,"
                        + " io_uring or filechannel",
                "wal: {file-bytes: 1048577}         | wal.file-bytes             | multiple",
                "node: {name: x}, cluster: {members: [{name: a, ratis-port: 1}]} | node.name | name"
                        + " of that list",
                "cluster: {members: [{name: node-0, ratis-port: none}]} | node-0@127.0.0.1:none |"
                        + " ratis-port",
                "ratis: {port: 1}, cluster: {members: [{name: node-0, ratis-port: 2}]} | ratis.port"
                        + " | the same",
                "node: [1, 2                        | YAML                       | node.yaml",
            })
    void mistakesAreNamedWithTheirRemedy(String yaml, String what, String fix) {
        assertThatThrownBy(() ->
                        config(
                                yaml.contains(", ") && !yaml.startsWith("node: [")
                                        ? "{" + yaml + "}"
                                        : yaml))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> {
                            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
                            assertThat(e.getMessage())
                                    .contains(what)
                                    .contains(fix)
                                    .doesNotContain("\n");
                        });
    }

    @Test
    void anUnknownVariableOfOurSectionsIsAMistakeToo() {
        assertThatThrownBy(() -> ConfigReader.read(null, Map.of("ARBALEST_NODE_DATADIR", "x")))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.fix()).isEqualTo("did you mean ARBALEST_NODE_DATA_DIR?"));
    }

    @Test
    void aFileThatIsNotThereIsAMistake() {
        assertThatThrownBy(() -> ConfigReader.read(directory.resolve("none.yaml"), Map.of()))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    }

    @Test
    void distanceIsLevenshteins() {
        assertThat(NearestMatch.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(NearestMatch.distance("", "abc")).isEqualTo(3);
        assertThat(NearestMatch.distance("abc", "abc")).isZero();
    }
}
