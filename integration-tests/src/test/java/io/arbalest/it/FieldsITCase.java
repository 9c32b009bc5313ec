package io.arbalest.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.client.ArbalestClient.GetOptions;
import io.arbalest.client.Conditions;
import io.arbalest.client.Hit;
import io.arbalest.client.Point;
import io.arbalest.client.PointWriter;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.WriterOptions;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.Filter;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * Fields and filters as a user of the command line meets them on running nodes: fields added while
 * others write, patches, json, deletes by filter, explain; refusals are one line with code, place
 * and fix.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FieldsITCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String COLLECTION = "things";
    private static final String VECTOR = "[1, 0, 0, 0]";
    private static final int POINTS = 3_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir static Path directory;
    private static House house;

    @BeforeAll
    static void startTwoNodes() throws Exception {
        house = House.start(directory, 2, Map.of());
        house.client.createCollection(
                new CollectionDefinition(
                        COLLECTION,
                        new UUID(0, 0),
                        KeyType.STRING,
                        4,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        List.of(
                                new Field("color", FieldType.STRING),
                                new Field("size", FieldType.LONG),
                                new Field("tags", FieldType.STRING_ARRAY),
                                new Field("checked", FieldType.BOOLEAN),
                                new Field("seen", FieldType.TIMESTAMP),
                                new Field("hidden", FieldType.STRING, false)),
                        2,
                        1),
                false);
        List<Point> points = new ArrayList<>();
        for (int number = 0; number < POINTS; number++) {
            points.add(point(number, Map.of("color", color(number), "size", (long) number)));
        }
        house.client.write(COLLECTION, points);
    }

    @AfterAll
    static void stop() {
        if (house != null) {
            house.close();
        }
    }

    private static String color(int number) {
        return number % 10 == 0 ? "red" : "blue";
    }

    private static Point point(int number, Map<String, Object> fields) {
        float[] vector = {number % 17, number % 5, number % 3, 1};
        return Point.upsert(PointKey.of("p" + number), vector, fields, null);
    }

    private static Launcher.Ended arbalest(String... arguments) throws Exception {
        return house.run(directory, PATIENCE, arguments);
    }

    private static Launcher.Ended done(String... arguments) throws Exception {
        Launcher.Ended ended = arbalest(arguments);
        assertThat(ended.exitCode()).as(ended.errors()).isZero();
        return ended;
    }

    private static JsonNode json(String... arguments) throws Exception {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-o";
        all[arguments.length + 1] = "json";
        return JSON.readTree(done(all).output());
    }

    private static JsonNode search(String filter, int k) throws Exception {
        return json(
                "search",
                "--collection",
                COLLECTION,
                "--vector",
                VECTOR,
                "--filter",
                filter,
                "-k",
                Integer.toString(k));
    }

    private static void refused(String code, List<String> words, String... arguments)
            throws Exception {
        Launcher.Ended ended = arbalest(arguments);
        assertThat(ended.exitCode()).as(ended.errors()).isEqualTo(1);
        assertThat(ended.errorLines()).as("lines of standard error").hasSize(1);
        assertThat(ended.errorLines().get(0))
                .startsWith(code + " ")
                .contains(words)
                .contains("Fix: ")
                .doesNotContain("Exception", "\tat ");
        assertThat(ended.output()).isEmpty();
    }

    private static void refusedFilter(String code, List<String> words, String filter)
            throws Exception {
        refused(
                code,
                words,
                "search",
                "--collection",
                COLLECTION,
                "--vector",
                VECTOR,
                "--filter",
                filter);
    }

    private static Path lines(String... lines) throws Exception {
        return Files.write(Files.createTempFile(directory, "points", ".jsonl"), List.of(lines));
    }

    private static Hit stored(String key) {
        PointKey pointKey = PointKey.of(key);
        Hit hit =
                house.client
                        .get(
                                COLLECTION,
                                List.of(pointKey),
                                new GetOptions(null, false, Optional.empty(), PATIENCE))
                        .get(pointKey);
        return Objects.requireNonNull(hit, key);
    }

    @Test
    @Order(1)
    void fieldsAreAddedWhileOthersWrite() throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        try (PointWriter writer =
                house.client.openWriter(
                        COLLECTION, WriterOptions.DEFAULT, PointWriter.RejectionHandler.FAIL)) {
            CompletableFuture<Integer> written =
                    CompletableFuture.supplyAsync(() -> write(writer, enough));
            Launcher.Ended weight =
                    done(
                            "collection",
                            "add-field",
                            COLLECTION,
                            "weight:double",
                            "--default",
                            "1.5");
            assertThat(weight.output()).contains("weight", "double");
            done("collection", "add-field", COLLECTION, "note:string");
            done("collection", "add-field", COLLECTION, "extra:json");
            enough.set(true);
            int more = written.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(more).as("points written meanwhile").isPositive();
            // The writer was opened before, by a process that did not add the fields.
            writer.write(
                    point(POINTS + more, Map.of("color", "green", "weight", 2.5, "note", "late")));
            writer.flush().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            assertThat(house.livePoints(COLLECTION)).isEqualTo(POINTS + more + 1L);
        }
        assertThat(stored("p7").metadata())
                .isEqualTo(Map.of("color", "blue", "size", 7L, "weight", 1.5));
        JsonNode late = search("weight > 2 and note is not null", 10);
        assertThat(late.path("hits")).hasSize(1);
        assertThat(late.path("hits").get(0).path("fields").path("note").asText()).isEqualTo("late");
        assertThat(search("weight = 1.5 and note is null and color = 'red'", 1_000).path("hits"))
                .hasSize(POINTS / 10);
    }

    private static int write(PointWriter writer, AtomicBoolean enough) {
        try {
            int more = 0;
            while (!enough.get()) {
                writer.write(point(POINTS + more++, Map.of("color", "green")));
                if (more % 50 == 0) {
                    writer.flush().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                }
            }
            return more;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    @Order(2)
    void fieldsThatCannotBeAddedAreRefused() throws Exception {
        String[] add = {"collection", "add-field", COLLECTION};
        refused("ARB-1305", List.of("weight"), add[0], add[1], add[2], "weight:long");
        refused("ARB-1303", List.of("text"), add[0], add[1], add[2], "a:text");
        refused("ARB-1303", List.of("_a"), add[0], add[1], add[2], "_a:long");
        refused(
                "ARB-1109",
                List.of("count", "long", "many"),
                add[0],
                add[1],
                add[2],
                "count:long",
                "--default",
                "\"many\"");
        refused("ARB-1301", List.of("nowhere"), add[0], add[1], "nowhere", "a:long");
    }

    @Test
    @Order(3)
    void aPatchSetsOneFieldToNullAndJsonIsKept() throws Exception {
        Launcher.Ended put =
                done(
                        "put",
                        "--collection",
                        COLLECTION,
                        lines(
                                        "{\"id\": \"p10\", \"op\": \"patch\", \"fields\":"
                                                + " {\"size\": null, \"extra\": {\"a\": [1,"
                                                + " true]}}}")
                                .toString());
        assertThat(put.output()).contains("Written: 1");
        JsonNode point = json("get", "--collection", COLLECTION, "p10").path("points").get(0);
        assertThat(point.path("fields").has("size")).isFalse();
        assertThat(point.path("fields").path("color").asText()).isEqualTo("red");
        assertThat(point.path("fields").path("weight").asDouble()).isEqualTo(1.5);
        assertThat(point.path("fields").path("extra"))
                .isEqualTo(JSON.readTree("{\"a\": [1, true]}"));
        JsonNode hits = search("size is null and color = 'red'", 10).path("hits");
        assertThat(hits).hasSize(1);
        assertThat(hits.get(0).path("id").asText()).isEqualTo("p10");
        assertThat(search("extra is not null", 10).path("hits")).hasSize(1);

        refusedFilter("ARB-1203", List.of("extra", "JSON", "character 9"), "extra = '{}'");
        Launcher.Ended bad =
                arbalest(
                        "put",
                        "--collection",
                        COLLECTION,
                        lines("{\"id\": \"nobody\", \"op\": \"patch\", \"fields\": {\"size\": 1}}")
                                .toString());
        assertThat(bad.exitCode()).isEqualTo(1);
        assertThat(bad.errorLines()).hasSize(1);
        assertThat(bad.errorLines().get(0)).startsWith("line 1: ARB-1105 ").contains("nobody");
    }

    @Test
    @Order(4)
    void explainSaysHowEachSegmentWasSearched() throws Exception {
        String[] explain = {
            "explain", "--collection", COLLECTION, "--vector", VECTOR, "--filter", "color = 'red'"
        };
        Launcher.Ended table = done(explain);
        assertThat(table.output()).contains("PLAN", "MATCHING", "VISITED", "FILTER");
        JsonNode document = json(explain);
        long matching = 0;
        for (JsonNode plan : document.path("plans")) {
            assertThat(plan.path("plan").asText()).isIn("exact", "walk", "post");
            matching += plan.path("matching").asLong();
        }
        assertThat(matching).isEqualTo(POINTS / 10);
    }

    @Test
    @Order(5)
    void badFiltersSayWhereAndWhatWasExpected() throws Exception {
        refusedFilter("ARB-1202", List.of("character 7", "the end", "size ="), "size =");
        refusedFilter("ARB-1202", List.of("character 12", "expected"), "size = 3 or)");
        refusedFilter("ARB-1203", List.of("size", "LONG", "character 8"), "size = 'seven'");
        refusedFilter("ARB-1203", List.of("color", "STRING", "character 9"), "color = 7");
        refusedFilter("ARB-1201", List.of("weigth", "weight"), "weigth > 1");
        refusedFilter(
                "ARB-1004",
                List.of("at most", "allowed"),
                "(".repeat(200) + "size = 1" + ")".repeat(200));
        refusedFilter(
                "ARB-1004", List.of("at most", "allowed"), "color = '" + "x".repeat(100_000) + "'");
    }

    /** Filters that are wrong, the code, and what the message has to say. */
    static Stream<Arguments> wrongFilters() {
        String deep = "(".repeat(65) + "size = 1" + ")".repeat(65);
        String list = "size in (" + "1, ".repeat(1024) + "1)";
        String terms = "size = 1" + " or size = 1".repeat(4096);
        return Stream.of(
                arguments("", "ARB-1202", List.of("character 1", "expected")),
                arguments("   ", "ARB-1202", List.of("expected", "the end")),
                arguments("size", "ARB-1202", List.of("character 5", "the end")),
                arguments("size = ", "ARB-1202", List.of("expected", "the end")),
                arguments("size == 1", "ARB-1202", List.of("character 7", "expected")),
                arguments("(size = 1", "ARB-1202", List.of("character 10", "the end")),
                arguments("size = 1)", "ARB-1202", List.of("character 9", "expected")),
                arguments("size = 1 size = 2", "ARB-1202", List.of("character 10", "expected")),
                arguments("color = 'red", "ARB-1202", List.of("character 9", "expected")),
                arguments("color = \"red\"", "ARB-1202", List.of("character 9", "expected")),
                arguments("size = \u0000", "ARB-1202", List.of("character 8", "expected")),
                arguments("si\u0007ze = 1", "ARB-1202", List.of("character 3", "expected")),
                arguments("size = 1; drop", "ARB-1202", List.of("character 9", "expected")),
                arguments("size between 1", "ARB-1202", List.of("character 15", "the end")),
                arguments("size in ()", "ARB-1202", List.of("character 10", "expected")),
                arguments("color like '%d'", "ARB-1202", List.of("character 12", "'abc%'")),
                arguments("size = 9223372036854775808", "ARB-1202", List.of("character 8", "64")),
                arguments("weight = 1e999", "ARB-1202", List.of("character 10", "double")),
                arguments("size = " + "9".repeat(50_000), "ARB-1202", List.of("character 8", "64")),
                arguments("weigth = 1", "ARB-1201", List.of("character 1", "weigth", "weight")),
                arguments("w".repeat(60_000) + " = 1", "ARB-1201", List.of("character 1")),
                arguments(
                        "size = '" + "x".repeat(60_000) + "'", "ARB-1203", List.of("character 8")),
                arguments("hidden = 'a'", "ARB-1201", List.of("character 1", "hidden")),
                arguments("size = 'seven'", "ARB-1203", List.of("character 8", "LONG")),
                arguments("size = 1.5", "ARB-1203", List.of("character 8", "LONG")),
                arguments("size = true", "ARB-1203", List.of("character 8", "LONG")),
                arguments("size in (1, 'b')", "ARB-1203", List.of("character 13", "LONG")),
                arguments("size between 1 and 'b'", "ARB-1203", List.of("character 20", "LONG")),
                arguments("size like '1%'", "ARB-1203", List.of("character 11", "size")),
                arguments("color contains 'r'", "ARB-1203", List.of("color")),
                arguments("tags = 'a'", "ARB-1203", List.of("tags")),
                arguments("tags contains 1", "ARB-1203", List.of("character 15", "STRING")),
                arguments("checked = 'yes'", "ARB-1203", List.of("character 11", "BOOLEAN")),
                arguments("seen > 'soon'", "ARB-1203", List.of("character 8", "TIMESTAMP")),
                arguments(
                        "seen > '+999999999-01-01T00:00:00Z'",
                        "ARB-1203",
                        List.of("character 8", "TIMESTAMP")),
                arguments("extra = '{}'", "ARB-1203", List.of("character 9", "JSON")),
                arguments(deep, "ARB-1004", List.of("character 65", "64")),
                arguments("not ".repeat(65) + "size = 1", "ARB-1004", List.of("65", "64")),
                arguments(list, "ARB-1004", List.of("character 6", "1025", "1024")),
                arguments(terms, "ARB-1004", List.of("comparisons", "4096")),
                arguments("color = '" + "x".repeat(70_000) + "'", "ARB-1004", List.of("65536")),
                arguments("color = '" + "x".repeat(30 << 20) + "'", "ARB-1004", List.of("65536")));
    }

    /** Every message is one line; the node goes on and has read nothing for it. */
    @ParameterizedTest
    @MethodSource("wrongFilters")
    @Order(5)
    void aWrongFilterOfTheClientIsACodedErrorWithItsPlace(
            String filter, String code, List<String> words) throws Exception {
        SearchQuery query = SearchQuery.nearest(10).withFilter(filter);
        Map<String, Double> before = metrics();
        for (ThrowingCallable call :
                List.<ThrowingCallable>of(
                        () ->
                                house.client.search(
                                        COLLECTION, List.of(new float[] {1, 0, 0, 0}), query),
                        () -> house.client.deleteWhere(COLLECTION, filter, PATIENCE))) {
            assertThatThrownBy(call)
                    .isInstanceOfSatisfying(
                            ArbalestException.class,
                            e -> {
                                boolean none = e.code() == ErrorCode.FILTER_MISSING;
                                assertThat(e.code().label())
                                        .isEqualTo(none && filter.isBlank() ? "ARB-1206" : code);
                                assertThat(e.getMessage())
                                        .doesNotContain("\n", "Exception", "\tat ")
                                        .hasSizeLessThan(1_000);
                                assertThat(e.fix()).isNotEmpty();
                                if (!none) {
                                    assertThat(e.getMessage()).contains(words);
                                }
                            });
        }
        Map<String, Double> after = metrics();
        assertThat(grown(before, after, "scored_total")).isZero();
        assertThat(grown(before, after, "tail_scored_total")).isZero();
        assertThat(house.livePoints(COLLECTION)).isGreaterThanOrEqualTo(POINTS);
    }

    @Test
    @Order(5)
    void aConditionThatNestsTooDeepIsRefusedByTheClient() {
        Filter condition = Conditions.field("size").isEqualTo(1L);
        for (int i = 0; i < 100_000; i++) {
            condition = Conditions.not(condition);
        }
        Filter deep = condition;
        assertThatThrownBy(() -> SearchQuery.nearest(10).where(deep))
                .isInstanceOfSatisfying(
                        ArbalestException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED));
    }

    @Test
    @Order(6)
    void whatChangesMetadataOnlyWritesNoVectorAndNoGraphAndTheNodesCountIt() throws Exception {
        awaitLinked();
        Map<String, Double> before = metrics();
        List<Point> changes = new ArrayList<>();
        for (int number = 1; number < 1_000; number++) {
            PointKey key = PointKey.of("p" + number);
            Map<String, Object> fields = Map.of("color", color(number), "weight", 3.5);
            changes.add(
                    number % 2 == 0
                            ? Point.patch(key, fields, null)
                            : point(number, fields)); // with the vector that it has
        }
        house.client.write(COLLECTION, changes);
        Map<String, Double> after = metrics();
        assertThat(grown(before, after, "rows_updated_in_place_total")).isEqualTo(changes.size());
        assertThat(grown(before, after, "vector_bytes_total")).isZero();
        assertThat(grown(before, after, "linked_points")).isZero();
        assertThat(grown(before, after, "tail_rows")).isZero();
        assertThat(search("weight = 3.5", 1_000).path("hits")).hasSize(changes.size());
    }

    private static void awaitLinked() {
        House.await(
                "linking",
                PATIENCE,
                () -> house.nodes.stream().mapToLong(n -> house.tailRows(COLLECTION, n)).sum() == 0,
                () -> house.client.shardReports(COLLECTION).toString());
    }

    /** Of all nodes. */
    private static Map<String, Double> metrics() throws Exception {
        Map<String, Double> sums = new HashMap<>();
        for (var node : house.nodes) {
            house.metrics(node).forEach((name, value) -> sums.merge(name, value, Double::sum));
        }
        return sums;
    }

    private static double grown(
            Map<String, Double> before, Map<String, Double> after, String name) {
        String full = "arbalest_engine_" + name;
        assertThat(after).containsKey(full);
        return Objects.requireNonNull(after.get(full)) - before.getOrDefault(full, 0.0);
    }

    @Test
    @Order(7)
    void pointsAreDeletedByFilter() throws Exception {
        String[] delete = {"delete", "--collection", COLLECTION, "--where"};
        refused(
                "ARB-1203",
                List.of("size", "LONG", "character 8"),
                delete[0],
                delete[1],
                delete[2],
                delete[3],
                "size = 'seven'");
        long before = house.livePoints(COLLECTION);
        JsonNode count =
                json(delete[0], delete[1], delete[2], delete[3], "color = 'red'", "--dry-run");
        assertThat(count.path("matchingPoints").asLong()).isEqualTo(POINTS / 10);
        assertThat(house.livePoints(COLLECTION)).isEqualTo(before);
        assertThat(done(delete[0], delete[1], delete[2], delete[3], "color = 'red'").output())
                .contains("Deleted: " + POINTS / 10 + " points");
        assertThat(house.livePoints(COLLECTION)).isEqualTo(before - POINTS / 10);
        assertThat(search("color = 'red'", 10).path("hits")).isEmpty();
        assertThat(stored("p7")).isNotNull();
    }
}
