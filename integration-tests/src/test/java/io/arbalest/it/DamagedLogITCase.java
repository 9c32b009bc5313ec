package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.WriterOptions;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A node whose log was damaged in the middle refuses to start, says where and what would be lost,
 * and starts without those rows when it is told to, once, with exactly that bound (guarantee G9).
 */
class DamagedLogITCase {
    private static final int ROWS = 30;
    private static final String COLLECTION = "things";
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern OFFER =
            Pattern.compile("loss of rows (\\d+) to (\\d+).*--accept-data-loss (\\S+)");

    @Test
    void aDamagedLogIsNotStartedFromUnlessItsLossIsAccepted(@TempDir Path directory)
            throws Exception {
        try (House house = House.start(directory, 1, Map.of())) {
            NodeProcess node = house.nodes.get(0);
            house.client.createCollection(definition(), false);
            for (int row = 1; row <= ROWS; row++) {
                put(
                        house,
                        row); // a batch each, so that later ones prove the damage of earlier ones
            }
            node.kill();
            turnOver(node, "key-12");

            Launcher.Ended refused = start(node);
            assertThat(refused.exitCode()).as(refused.errors()).isEqualTo(1);
            String error = refused.errorLines().get(refused.errorLines().size() - 1);
            assertThat(error)
                    .as(refused.errors())
                    .contains("ARB-3002", "things/0", "/wal/wal-", "at offset");
            Matcher offer = OFFER.matcher(error);
            assertThat(offer.find()).as(error).isTrue();
            assertThat(offer.group(1)).isEqualTo("12");
            assertThat(offer.group(2)).isEqualTo(Integer.toString(ROWS));
            assertThat(offer.group(3)).isEqualTo("things/0@12");

            Launcher.Ended other = start(node, "--accept-data-loss", "things/0@13");
            assertThat(other.exitCode()).isEqualTo(1);
            assertThat(other.errors()).contains("ARB-3002", "things/0@12");

            acceptOnce(node);
            node.restart();
            assertThat(found(house)).isEqualTo(IntStream.range(1, 12).boxed().toList());
            put(house, 12);
            assertThat(found(house)).isEqualTo(IntStream.rangeClosed(1, 12).boxed().toList());
        }
    }

    private static Launcher.Ended start(NodeProcess node, String... arguments) throws Exception {
        return Launcher.run(node.spec().directory(), PATIENCE, command(node, arguments));
    }

    private static String[] command(NodeProcess node, String... arguments) {
        return Stream.concat(
                        Stream.of(
                                "node",
                                "--config",
                                node.spec().directory().resolve("node.yaml").toString()),
                        Stream.of(arguments))
                .toArray(String[]::new);
    }

    private static void acceptOnce(NodeProcess node) throws Exception {
        try (Launcher accepting =
                Launcher.start(
                        node.spec().directory(),
                        List.of(command(node, "--accept-data-loss", "things/0@12")))) {
            House.await(
                    "a start",
                    PATIENCE,
                    () -> accepting.outputSoFar().contains("READY"),
                    accepting::errorsSoFar);
            assertThat(accepting.errorsSoFar())
                    .contains("as told; lost: rows 12 to " + ROWS + " (19 sequence numbers");
            accepting.interrupt();
            accepting.await(PATIENCE);
        }
    }

    /** Damages the record in which this text stands. */
    private static void turnOver(NodeProcess node, String text) throws IOException {
        List<Path> logs;
        try (Stream<Path> files = Files.walk(node.spec().directory().resolve("data"))) {
            logs = files.filter(file -> file.toString().matches(".*/wal/wal-\\d+\\.log")).toList();
        }
        for (Path log : logs) {
            String content = Files.readString(log, StandardCharsets.ISO_8859_1);
            int at = content.indexOf(text);
            if (at >= 0) {
                try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
                    file.seek(at);
                    file.write('K');
                }
                return;
            }
        }
        throw new AssertionError(text + " is in none of " + logs);
    }

    private static void put(House house, int row) throws Exception {
        try (PointWriter writer =
                house.client.openWriter(
                        COLLECTION, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL)) {
            writer.write(
                    Point.upsert(
                            PointKey.of("key-" + row),
                            new float[] {row, 1},
                            Map.of(),
                            new Version(0, row, 0)));
            writer.flush().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    /** Numbers of the rows that are there. */
    private static List<Integer> found(House house) {
        ArbalestClient client = house.client;
        List<PointKey> keys =
                IntStream.rangeClosed(1, ROWS).mapToObj(row -> PointKey.of("key-" + row)).toList();
        return client.get(COLLECTION, keys, GetOptions.DEFAULT).keySet().stream()
                .map(key -> Integer.parseInt(key.toString().replaceAll("\\D", "")))
                .sorted()
                .toList();
    }

    private static CollectionDefinition definition() {
        return new CollectionDefinition(
                COLLECTION,
                new UUID(0, 0),
                KeyType.STRING,
                2,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(),
                1,
                1);
    }
}
