package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.embedding.WordVectorEmbedder;
import io.arbalest.jobs.local.FlinkRuntime;
import io.arbalest.jobs.local.KafkaBroker;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.PointKey;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The main job under fire: records stream through a real broker and a real Flink into three nodes,
 * each of which is killed with SIGKILL once, with acknowledged rows in its log that its graph has
 * not linked. Afterwards ids, versions, metadata and vectors are exactly those that a replay of the
 * topic gives, and the malformed records lie in the dead-letter topic.
 */
class IngestionSurvivesKillsITCase {
    private static final int RECORDS = 9_000;
    private static final int RECORDS_PER_SECOND = 1_500;
    private static final Duration PATIENCE = Duration.ofSeconds(150);

    @Test
    void theIndexEqualsTheTopicAfterEveryNodeWasKilled(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("seed", new Random().nextLong());
        String description = "seed " + seed;
        try (House house = House.start(directory, 3, Map.of());
                KafkaBroker broker = house.startBroker()) {
            house.client.createCollection(PackageTopic.collection(), false);
            broker.createTopic(PackageTopic.NAME, 3, Map.of());
            broker.createTopic(PackageTopic.DEAD_LETTERS, 1, Map.of());
            PackageTopic topic = new PackageTopic(broker.bootstrapServers(), seed);
            try (FlinkRuntime flink =
                            FlinkRuntime.start(
                                    FlinkRuntime.Options.of(
                                            topic.writeJobConfiguration(directory, house.nodes),
                                            directory.resolve("flink.log")));
                    PackageTopic.Replay replay = topic.startReplay(RECORDS, RECORDS_PER_SECOND)) {
                for (NodeProcess victim : house.nodes) {
                    killWithATail(house, victim);
                }
                replay.finish(PATIENCE);
                Map<PointKey, PackageTopic.Row> expected = topic.consumeExpectedRows();
                awaitLive(house, expected, flink, description);
                compare(house.client, expected, description);
                assertThat(topic.deadLetterCodes(PATIENCE))
                        .as("codes of dead letters, %s", description)
                        .isEqualTo(topic.expectedDeadLetterCodes());
            }
        }
    }

    /** Rows keep coming until every node was killed, so there is a tail again and again. */
    private static void killWithATail(House house, NodeProcess victim) {
        House.await(
                "an unlinked tail on " + victim.name(),
                PATIENCE,
                () -> house.tailRows(PackageTopic.COLLECTION, victim) > 0,
                () -> house.client.shardReports(PackageTopic.COLLECTION).toString());
        victim.kill();
        victim.restart();
    }

    private static void awaitLive(
            House house,
            Map<PointKey, PackageTopic.Row> expected,
            FlinkRuntime flink,
            String description) {
        long live = expected.values().stream().filter(row -> !row.deleted()).count();
        List<PointKey> last = PackageTopic.newest(expected, 50);
        House.await(
                "ingestion of the whole topic (" + description + ")",
                PATIENCE,
                () ->
                        house.livePoints(PackageTopic.COLLECTION) == live
                                && versionsMatch(house.client, expected, last),
                () ->
                        "flink alive: "
                                + flink.isAlive()
                                + ", live "
                                + house.livePoints(PackageTopic.COLLECTION)
                                + " of "
                                + live
                                + ", shards "
                                + house.client.shardReports(PackageTopic.COLLECTION));
    }

    private static boolean versionsMatch(
            ArbalestClient client, Map<PointKey, PackageTopic.Row> expected, List<PointKey> keys) {
        Map<PointKey, Hit> found = client.get(PackageTopic.COLLECTION, keys, GetOptions.DEFAULT);
        return keys.stream()
                .allMatch(key -> {
                    PackageTopic.Row row = expected.get(key);
                    Hit hit = found.get(key);
                    return row != null
                            && (row.deleted()
                                    ? hit == null
                                    : hit != null && hit.version().equals(row.version()));
                });
    }

    private static void compare(
            ArbalestClient client, Map<PointKey, PackageTopic.Row> expected, String description)
            throws Exception {
        WordVectorEmbedder embedder = WordVectorEmbedder.load(PackageTopic.DATA);
        Map<PointKey, Hit> found = new HashMap<>();
        List<PointKey> keys = new ArrayList<>(expected.keySet());
        for (int from = 0; from < keys.size(); from += 1_000) {
            List<PointKey> part = keys.subList(from, Math.min(keys.size(), from + 1_000));
            found.putAll(
                    client.get(
                            PackageTopic.COLLECTION,
                            part,
                            new GetOptions(null, true, Optional.empty(), Duration.ofSeconds(30))));
        }
        List<String> wrong = new ArrayList<>();
        expected.forEach((key, row) -> {
            Hit hit = found.get(key);
            String difference =
                    row.deleted() ? (hit == null ? "" : "came back") : row.differenceTo(hit);
            if (difference.isEmpty() && !row.deleted() && hit != null) {
                short[] vector =
                        Point.upsert(key, embedder.embed(row.text()), Map.of(), null).vector();
                difference = Arrays.equals(vector, hit.vector()) ? "" : "another vector";
            }
            if (!difference.isEmpty()) {
                wrong.add(key + ": " + difference);
            }
        });
        assertThat(wrong)
                .as("rows that differ from a replay of the topic, %s", description)
                .isEmpty();
        SearchResult result =
                client.search(
                        PackageTopic.COLLECTION,
                        List.of(embedder.embed("monitor network traffic")),
                        SearchQuery.nearest(10).withFilter("section = 'net'"));
        assertThat(result.partial()).isFalse();
        assertThat(result.hits().get(0))
                .hasSize(10)
                .allMatch(hit -> "net".equals(hit.metadata().get("section")));
    }

    /**
     * The model's files are where the test expects them; a missing file would otherwise look like a
     * broken pipeline.
     */
    @Test
    void theDemoDataIsInTheRepository() {
        for (String file :
                List.of("packages.jsonl.gz", "words.txt.gz", "words.f16.gz", "model.json")) {
            assertThat(Files.isRegularFile(PackageTopic.DATA.resolve(file))).as(file).isTrue();
        }
    }
}
