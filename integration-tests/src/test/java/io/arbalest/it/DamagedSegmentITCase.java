package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Point;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.jobs.local.NodeProcess;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * A node whose files were damaged starts and stays, serves every shard that is whole, and says of
 * the others what is wrong with which file. No answer lacks rows without saying so (guarantees G6,
 * G9).
 */
class DamagedSegmentITCase {
    private static final int ROWS = 1200;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** So that there are sealed segments soon. */
    private static final Map<String, Object> SMALL =
            Map.of("engine.growing-segment-rows", 250, "engine.scrub-interval", 1);

    /** Where the first section of a file begins. */
    private static final int FIRST_SECTION = 4096;

    /** Bytes between damaged ones, so that each block of a table is hit. */
    private static final int EVERY = 64;

    @Test
    void whatIsWholeIsServedAndDamageIsNamed(@TempDir Path directory) throws Exception {
        try (House house = House.start(directory, 1, SMALL)) {
            NodeProcess node = house.nodes.get(0);
            fill(house, "halved", 2);
            fill(house, "whole", 1);
            fill(house, "stored", 1);
            node.stop(); // flushes the stores, so that there are files of theirs
            Path segment = damage(files(node, house, "halved", 0, ".*/sections"), FIRST_SECTION);
            List<Path> tables = files(node, house, "stored", 0, ".*/metadata/.*\\.sst");
            assertThat(tables).isNotEmpty();
            for (Path table : tables) {
                for (long at = 10; at < Files.size(table) / 2; at += EVERY) {
                    damage(List.of(table), at);
                }
            }

            node.restart();

            assertNamed(failureOf(house, "halved", 0), segment);
            assertThat(house.livePoints("halved")).isBetween(ROWS / 3L, 2L * ROWS / 3);
            SearchResult half = search(house, "halved");
            assertThat(half.missing()).containsOnlyKeys(0);
            assertNamed(Objects.requireNonNull(half.missing().get(0)), segment);
            assertThat(half.hits().get(0)).hasSize(10);

            assertThatThrownBy(() -> get(house, "stored"))
                    .hasMessageContaining("ARB-3005")
                    .hasMessageContaining(".sst");
            assertThat(refusal(house, "stored")).contains("ARB-3005", ".sst", "checksum");

            assertServed(house, "whole");
            house.client.write("whole", List.of(point(ROWS + 1)));

            Path later = damageWhileServed(house, node, "whole");
            assertNamed(refusal(house, "whole"), later);
            assertThatThrownBy(() -> house.client.write("whole", List.of(point(1))))
                    .hasMessageContaining("ARB-3007");
            assertThat(search(house, "halved").missing()).containsOnlyKeys(0);
            assertThat(node.isAlive()).isTrue();

            house.client.dropCollection("whole", false);
            fill(house, "whole", 1);
            assertServed(house, "whole");
        }
    }

    /** Damages a file until the node finds it; a file that a merge replaces meanwhile is not it. */
    private static Path damageWhileServed(House house, NodeProcess node, String collection) {
        AtomicReference<Path> damaged = new AtomicReference<>(Path.of("none yet"));
        House.await(
                "finding the damage",
                PATIENCE,
                () -> {
                    List<Path> files = files(node, house, collection, 0, ".*/sections");
                    if (!files.contains(damaged.get()) && !files.isEmpty()) {
                        damaged.set(damage(files, FIRST_SECTION));
                    }
                    return !refusal(house, collection).isEmpty();
                },
                () -> "no sign of it in " + damaged.get());
        return damaged.get();
    }

    private static void assertNamed(ArbalestException failure, Path file) {
        assertThat(failure.code()).isEqualTo(ErrorCode.SEGMENT_CORRUPT);
        assertNamed(String.valueOf(failure.getMessage()), file);
    }

    private static void assertNamed(String error, Path file) {
        assertThat(error)
                .contains("ARB-3007", file.toString(), "section ", "has checksum", "expected")
                .contains("Fix: drop the collection and fill it again");
    }

    private static void assertServed(House house, String collection) {
        SearchResult all = search(house, collection);
        assertThat(all.missing()).isEmpty();
        assertThat(all.hits().get(0)).hasSize(10);
        assertThat(get(house, collection)).hasSize(ROWS);
    }

    private static String failureOf(House house, String collection, int shard) {
        return house.client.shardReports(collection).stream()
                .filter(report -> report.shard() == shard)
                .peek(report -> assertThat(report.state()).isEqualTo("FAILED"))
                .map(report -> report.error())
                .findFirst()
                .orElseThrow();
    }

    private static SearchResult search(House house, String collection) {
        return house.client.search(
                collection, List.of(new float[] {3, 1}), SearchQuery.nearest(10));
    }

    /** Why a search is refused whose only shard cannot answer; empty: it is answered. */
    private static String refusal(House house, String collection) {
        try {
            assertThat(search(house, collection).missing()).isEmpty();
            return "";
        } catch (ArbalestException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static Map<PointKey, ?> get(House house, String collection) {
        List<PointKey> keys = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            keys.add(PointKey.of(row));
        }
        return house.client.get(collection, keys, GetOptions.DEFAULT);
    }

    /** Fills a new collection and waits until segments of every shard are sealed. */
    private static void fill(House house, String collection, int shards) throws Exception {
        house.client.createCollection(definition(collection, shards), false);
        List<Point> points = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            points.add(point(row));
        }
        house.client.write(collection, points);
        for (int shard = 0; shard < shards; shard++) {
            int number = shard;
            House.await(
                    "a sealed segment",
                    PATIENCE,
                    () ->
                            !files(house.nodes.get(0), house, collection, number, ".*/sections")
                                    .isEmpty(),
                    () -> "none");
        }
    }

    private static Point point(long row) {
        return Point.upsert(
                PointKey.of(row), new float[] {row, 1}, Map.of(), new Version(0, row, 0));
    }

    private static List<Path> files(
            NodeProcess node, House house, String collection, int shard, String pattern) {
        UUID incarnation =
                Objects.requireNonNull(house.client.image().collections().get(collection))
                        .definition()
                        .incarnation();
        return filesIn(node, incarnation, shard, pattern);
    }

    private static List<Path> filesIn(
            NodeProcess node, UUID incarnation, int shard, String pattern) {
        Path directory =
                node.spec()
                        .directory()
                        .resolve("data/shards")
                        .resolve(incarnation.toString())
                        .resolve(Integer.toString(shard));
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.toString().matches(pattern))
                    .filter(file -> !file.toString().contains(".tmp"))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(); // it changes while it is walked
        }
    }

    /** Turns over the bits of a byte of the last of them. */
    private static Path damage(List<Path> files, long at) {
        assertThat(files).isNotEmpty();
        Path chosen = files.get(files.size() - 1); // the newest: merges take it last
        ByteBuffer octet = ByteBuffer.allocate(1);
        try (FileChannel file = FileChannel.open(chosen, READ, WRITE)) { // never makes one
            file.read(octet, at);
            octet.put(0, (byte) ~octet.get(0)).flip();
            file.write(octet, at);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return chosen;
    }

    private static CollectionDefinition definition(String collection, int shards) {
        return new CollectionDefinition(
                collection,
                new UUID(0, 0),
                KeyType.INT64,
                2,
                Metric.L2,
                HnswParams.DEFAULT,
                List.of(),
                shards,
                1);
    }
}
