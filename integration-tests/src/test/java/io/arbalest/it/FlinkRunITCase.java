package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.jobs.local.JavaRuntime;
import io.arbalest.jobs.local.KafkaBroker;
import io.arbalest.model.PointKey;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

/** The jar for {@code flink run}, in a Flink cluster that has nothing of this project. */
class FlinkRunITCase {
    private static final int RECORDS = 2_000;
    private static final int RECORDS_PER_SECOND = 2_000;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void theJobsJarRunsInAFlinkCluster(@TempDir Path directory) throws Exception {
        try (House house = House.start(directory, 1, Map.of());
                KafkaBroker broker = house.startBroker()) {
            house.client.createCollection(PackageTopic.collection(), false);
            broker.createTopic(PackageTopic.NAME, 3, Map.of());
            PackageTopic topic = new PackageTopic(broker.bootstrapServers(), 1);
            Path configuration = topic.writeJobConfiguration(directory, house.nodes);
            try (FlinkSession session =
                            FlinkSession.start(directory.resolve("flink"), JavaRuntime.current());
                    PackageTopic.Replay replay = topic.startReplay(RECORDS, RECORDS_PER_SECOND)) {
                String printed = session.run(jobJar(), "--config", configuration.toString());
                assertThat(printed).contains("Job has been submitted with JobID");
                replay.finish(PATIENCE);
                Map<PointKey, PackageTopic.Row> expected = topic.consumeExpectedRows();
                long live = expected.values().stream().filter(row -> !row.deleted()).count();
                House.await(
                        "ingestion of the topic",
                        PATIENCE,
                        () -> house.livePoints(PackageTopic.COLLECTION) == live,
                        () ->
                                house.livePoints(PackageTopic.COLLECTION)
                                        + " rows of "
                                        + live
                                        + session.describe());
                assertThat(topic.deadLetterCodes(PATIENCE))
                        .isEqualTo(topic.expectedDeadLetterCodes());
            }
        }
    }

    private static Path jobJar() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("..", "jobs", "target"))) {
            return files.filter(file -> file.toString().endsWith("-flink.jar"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("build without -Dquick: no job jar"))
                    .toAbsolutePath()
                    .normalize();
        }
    }
}
