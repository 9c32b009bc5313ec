package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.client.Point;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.model.PointKey;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The command line against running nodes: answers, coded errors on one line with the fix, exit
 * codes.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CommandLineITCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir static Path directory;
    private static House house;

    @BeforeAll
    static void startTwoNodes() throws Exception {
        house = House.start(directory, 2, Map.of());
        house.client.createCollection(PackageTopic.collection(), false);
        WordVectorEmbedder embedder = WordVectorEmbedder.load(PackageTopic.DATA);
        List<Point> points = new ArrayList<>();
        for (String subject :
                List.of(
                        "backup files cloud storage",
                        "network traffic monitor",
                        "chess game board",
                        "satellite orbit tracking")) {
            for (int copy = 0; copy < 40; copy++) {
                String section = subject.startsWith("chess") ? "games" : "net";
                points.add(
                        Point.upsert(
                                PointKey.of(
                                        subject.substring(0, subject.indexOf(' ')) + "-" + copy),
                                embedder.embed(subject + " program number " + copy),
                                Map.of("section", section, "summary", subject + " " + copy),
                                null));
            }
        }
        house.client.write(PackageTopic.COLLECTION, points);
    }

    @AfterAll
    static void stop() {
        if (house != null) {
            house.close();
        }
    }

    private static Launcher.Ended arbalest(String... arguments) throws Exception {
        return house.run(directory, PATIENCE, arguments);
    }

    private static Launcher.Ended search(String... arguments) throws Exception {
        List<String> all =
                new ArrayList<>(
                        List.of(
                                "search",
                                "--collection",
                                PackageTopic.COLLECTION,
                                "--embedding",
                                PackageTopic.DATA.toString()));
        all.addAll(List.of(arguments));
        return arbalest(all.toArray(String[]::new));
    }

    private static void assertOneCodedLine(Launcher.Ended ended, int exitCode, String code) {
        assertThat(ended.exitCode())
                .as("exit code, errors: %s", ended.errors())
                .isEqualTo(exitCode);
        assertThat(ended.errorLines()).as("lines of standard error").hasSize(1);
        assertThat(ended.errorLines().get(0)).startsWith(code + " ").contains("Fix: ");
        assertThat(ended.output()).isEmpty();
    }

    @Test
    @Order(1)
    void searchesByTextWithAFilter() throws Exception {
        Launcher.Ended table =
                search(
                        "--text",
                        "backup my files to the cloud",
                        "--filter",
                        "section = 'net'",
                        "-k",
                        "5");
        assertThat(table.exitCode()).as(table.errors()).isZero();
        assertThat(table.output())
                .contains("RANK", "SCORE", "ID", "SUMMARY", "backup-")
                .doesNotContain("chess");

        Launcher.Ended json =
                search(
                        "--text",
                        "chess game",
                        "--filter",
                        "section = 'games'",
                        "-k",
                        "3",
                        "-o",
                        "json");
        JsonNode document = new ObjectMapper().readTree(json.output());
        assertThat(document.path("hits")).hasSize(3);
        for (JsonNode hit : document.path("hits")) {
            assertThat(hit.path("id").asText()).startsWith("chess-");
            assertThat(hit.path("score").asDouble()).isGreaterThan(0.5);
        }
    }

    @Test
    @Order(2)
    void badInputIsOneCodedLineWithTheFix() throws Exception {
        assertOneCodedLine(search("--text", "chess", "--filter", "colour = 'red'"), 1, "ARB-1201");
        assertOneCodedLine(search("--text", "chess", "--filter", "section == 'net"), 1, "ARB-1202");
        assertOneCodedLine(search("--text", "chess", "--filter", "section = 7"), 1, "ARB-1203");
        assertOneCodedLine(search("--vector", "[1, 2, 3]"), 1, "ARB-1101");
        assertOneCodedLine(search("--text", "qxzzj vvwqk"), 1, "ARB-1204");
        assertOneCodedLine(
                arbalest("search", "--collection", "nowhere", "--vector", "[1]"), 1, "ARB-1301");
    }

    @Test
    @Order(3)
    void aKilledNodeMakesTheAnswerPartialAndSaysSo() throws Exception {
        house.nodes.get(1).kill();
        Launcher.Ended partial = search("--text", "backup my files to the cloud", "--timeout", "5");
        assertThat(partial.exitCode()).as(partial.errors()).isEqualTo(4);
        assertThat(partial.errors()).contains("shard").contains("ARB-21");
        assertThat(partial.output()).contains("backup-");
    }

    @Test
    @Order(4)
    void noNodeAtAllIsUnreachable() throws Exception {
        house.nodes.get(0).kill();
        assertOneCodedLine(search("--text", "chess", "--timeout", "5"), 3, "ARB-2102");
    }
}
