package io.arbalest.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.ExplicitNull;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.PointKey;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

class CommandLineTest {
    @TempDir Path home = Path.of("");

    private final RecordingClient client = new RecordingClient();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<String> connectedTo = new ArrayList<>();
    private String input = "";
    private int columns;

    private int run(String... arguments) {
        out.reset();
        err.reset();
        Shell shell =
                new Shell(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                        home,
                        home,
                        columns,
                        endpoints -> {
                            connectedTo.addAll(endpoints);
                            return client;
                        });
        return ArbalestCommand.run(shell, arguments);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private JsonNode json() throws IOException {
        return new ObjectMapper().readTree(out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "status",
                "collection",
                "collection create",
                "collection list",
                "collection describe",
                "collection add-field",
                "collection drop",
                "put",
                "get",
                "delete",
                "search",
                "explain",
                "doctor"
            })
    void everyCommandHasHelpAndLeavesWithZero(String command) {
        String[] arguments = (command + " --help").split(" ", -1);
        assertThat(run(arguments)).isZero();
        assertThat(out()).contains("Usage: arbalest " + command);
        if (!command.equals("collection")) {
            assertThat(out()).contains("Example").contains("arbalest " + command);
        }
        assertThat(connectedTo).isEmpty();
    }

    @Test
    void helpOfTheRootNamesTheExitCodes() {
        assertThat(run("--help")).isZero();
        assertThat(out()).contains("3 unreachable").contains("search");
        assertThat(run()).isEqualTo(2);
    }

    @Test
    void usageErrorsAreOneCodedLineAndExitCodeTwo() {
        assertThat(run("serch")).isEqualTo(2);
        assertThat(err()).startsWith("ARB-1001 ").contains("Fix: ").hasLineCount(1);
        assertThat(run("search")).isEqualTo(2);
        assertThat(err()).hasLineCount(1);
        assertThat(run("search", "--text", "a", "--id", "b")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("arbalest search --help");
        assertThat(run("search", "--text", "a", "-k", "many")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("many");
        assertThat(run("collection", "create", "x")).isEqualTo(2);
        assertThat(err()).hasLineCount(1).contains("--dimension");
    }

    @Test
    void usageErrorsAreJsonIfJsonWasAskedFor() throws IOException {
        assertThat(run("search", "-o", "json", "--nonsense")).isEqualTo(2);
        JsonNode error = new ObjectMapper().readTree(err()).path("error");
        assertThat(error.path("code").asText()).isEqualTo("ARB-1001");
        assertThat(error.path("fix").asText()).contains("--help");
        assertThat(out()).isEmpty();
    }

    @Test
    void searchPrintsRankScoreIdAndFields() {
        client.store("wireshark", 1, 0, Map.of("section", "net", "size", 12L));
        client.store("rclone", 0, 1, Map.of("section", "net"));
        assertThat(run("search", "--vector", "[1, 0]", "-k", "5", "--fields", "section,size"))
                .isZero();
        assertThat(out().lines().toList())
                .containsExactly(
                        "RANK   SCORE  ID         SECTION  SIZE",
                        "   1  9.0000  wireshark  net        12",
                        "   2  6.0000  rclone     net         -");
        assertThat(client.queries).hasSize(1);
        assertThat(client.queries.get(0).k()).isEqualTo(5);
        assertThat(client.closed).isTrue();
    }

    @Test
    void searchPassesItsOptionsOn() {
        assertThat(
                        run(
                                "search",
                                "--vector",
                                "[1,0]",
                                "--filter",
                                "section = 'net'",
                                "--ef",
                                "300",
                                "--exact",
                                "--min-score",
                                "0.25",
                                "--timeout",
                                "1.5",
                                "-c",
                                "docs"))
                .isZero();
        assertThat(out()).isEqualToIgnoringNewLines("Nothing found.");
        var query = client.queries.get(0);
        assertThat(query.filter()).isEqualTo("section = 'net'");
        assertThat(query.ef()).isEqualTo(300);
        assertThat(query.exact()).isTrue();
        assertThat(query.adaptiveStop()).isFalse();
        assertThat(query.minScore()).isEqualTo(0.25);
        assertThat(query.timeout()).hasMillis(1500);
    }

    @Test
    void theAdaptiveStopIsAskedForByItsFlag() {
        assertThat(run("search", "--vector", "[1,0]", "-k", "100", "--adaptive-stop", "-c", "docs"))
                .isZero();
        assertThat(run("explain", "--vector", "[1,0]", "--adaptive-stop", "-c", "docs")).isZero();
        assertThat(client.queries).hasSize(2).allMatch(query -> query.adaptiveStop());
        assertThat(client.queries.get(1).explain()).isTrue();
    }

    @Test
    void searchAnswersInJsonWithStableNames() throws IOException {
        client.store("rclone", 1, 0, Map.of("section", "net", "size", 12L));
        assertThat(run("search", "--vector", "[1, 0]", "-o", "json")).isZero();
        JsonNode document = json();
        assertThat(document.fieldNames())
                .toIterable()
                .containsExactly(
                        "collection",
                        "k",
                        "tookMillis",
                        "partial",
                        "deadlineReached",
                        "missingShards",
                        "statistics",
                        "hits");
        JsonNode hit = document.path("hits").get(0);
        assertThat(hit.fieldNames())
                .toIterable()
                .containsExactly("rank", "score", "id", "version", "fields");
        assertThat(hit.path("fields").path("size").asLong()).isEqualTo(12);
        assertThat(hit.path("version").path("version").asLong()).isEqualTo(7);
    }

    @Test
    void searchByIdUsesTheStoredVector() {
        client.store("rclone", 1, 0, Map.of());
        assertThat(run("search", "--id", "rclone")).isZero();
        assertThat(run("search", "--id", "absent")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1106 ").hasLineCount(1);
    }

    @Test
    void aPartialAnswerIsExitCodeFourAndNamesTheShard() throws IOException {
        client.store("rclone", 1, 0, Map.of());
        client.missing.put(
                2,
                new ArbalestException(ErrorCode.UNREACHABLE, "node-2 does not answer", "start it"));
        assertThat(run("search", "--vector", "[1,0]")).isEqualTo(4);
        assertThat(err()).contains("shard 2: ARB-2102");
        assertThat(run("search", "--vector", "[1,0]", "-o", "json")).isEqualTo(4);
        assertThat(json().path("missingShards").get(0).path("shard").asInt()).isEqualTo(2);
        assertThat(json().path("partial").asBoolean()).isTrue();
    }

    @Test
    void badInputIsRefusedWithItsCode() {
        assertThat(run("search", "--vector", "[1]")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1101 ").hasLineCount(1);
        assertThat(run("search", "--vector", "[1,0]", "--fields", "nope")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1201 ").contains("section").hasLineCount(1);
        assertThat(run("search", "--text", "anything")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-4001 ").contains("--embedding").hasLineCount(1);
        assertThat(run("search", "--vector", "[1,0]", "-c", "nope")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1301 ").hasLineCount(1);
        assertThat(run("status", "-e", "nonsense")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-4001 ").hasLineCount(1);
    }

    @Test
    void anUnreachableClusterIsExitCodeThree() throws IOException {
        client.failure =
                new ArbalestException(
                        ErrorCode.UNREACHABLE, "no node answers at [127.0.0.1:7400]", "start one");
        assertThat(run("status")).isEqualTo(3);
        assertThat(err())
                .isEqualToIgnoringNewLines(
                        "ARB-2102 no node answers at [127.0.0.1:7400]. Fix: start one");
        assertThat(run("search", "--vector", "[1,0]", "-o", "json")).isEqualTo(3);
        assertThat(new ObjectMapper().readTree(err()).path("error").path("code").asText())
                .isEqualTo("ARB-2102");
        assertThat(run("status", "--debug")).isEqualTo(3);
        assertThat(err()).contains("\tat ");
    }

    @Test
    void endpointsComeFromTheOptionElseTheFileElseTheDefault() throws IOException {
        run("status");
        assertThat(connectedTo).containsExactly("127.0.0.1:7400");
        Files.writeString(
                home.resolve("cluster.json"),
                "{\"format\":1,\"endpoints\":[\"127.0.0.1:7777\"],\"collection\":\"docs\",\"embedding\":\"/x\"}");
        connectedTo.clear();
        run("status");
        assertThat(connectedTo).containsExactly("127.0.0.1:7777");
        connectedTo.clear();
        run("status", "-e", "a:1", "-e", "b:2");
        assertThat(connectedTo).containsExactly("a:1", "b:2");
        Files.writeString(home.resolve("cluster.json"), "{\"format\":9}");
        assertThat(run("status")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1002 ").hasLineCount(1);
    }

    @Test
    void putWritesGoodLinesAndReportsBadOnes() throws IOException {
        input =
                """
                {"id":"a","vector":[1,0],"fields":{"section":"net","size":3},"version":5}
                not json
                {"id":"b","vector":[1]}

                {"id":"refused-by-the-server","vector":[1,0]}
                {"vector":[1,0]}
                {"id":"c","vector":[1,0],"fields":{"nope":1}}
                {"id":"d","vector":[1,0],"fields":{"size":"big"}}
                {"id":"e","vector":[0,1]}
                """;
        assertThat(run("put")).isEqualTo(1);
        assertThat(out()).isEqualToIgnoringNewLines("Written: 2, refused: 6");
        assertThat(
                        err().lines()
                                .map(line -> line.replaceAll("(line \\d+: ARB-\\d+).*", "$1"))
                                .toList())
                .containsExactly(
                        "line 2: ARB-4101",
                        "line 3: ARB-1101",
                        "line 5: ARB-1112",
                        "line 6: ARB-1106",
                        "line 7: ARB-1201",
                        "line 8: ARB-1109");
        assertThat(client.points.keySet()).containsExactly(PointKey.of("a"), PointKey.of("e"));
        assertThat(run("put", "-o", "json")).isEqualTo(1);
        assertThat(json().path("refused").asInt()).isEqualTo(6);
        assertThat(json().path("refusedLines").get(0).path("line").asInt()).isEqualTo(2);
    }

    @Test
    void getShowsPointsAndNamesMissingOnes() throws IOException {
        client.store("a", 1, 0, Map.of("section", "net"));
        assertThat(run("get", "a")).isZero();
        assertThat(out()).contains("a").contains("section").contains("net").contains("0/7/0");
        assertThat(run("get", "a", "b", "-o", "json")).isEqualTo(1);
        assertThat(json().path("points")).hasSize(1);
        assertThat(json().path("missing").get(0).asText()).isEqualTo("b");
    }

    @Test
    void deleteWhereRemovesWhatMatches() {
        client.store("a", 1, 0, Map.of());
        client.store("b", 1, 0, Map.of());
        assertThat(run("delete", "--where", "section = 'net'")).isZero();
        assertThat(out()).contains("2 points");
        assertThat(client.points).isEmpty(); // the fake client's searches find everything
        assertThat(client.deletes)
                .hasSize(2)
                .allSatisfy(options -> {
                    assertThat(options.filter()).isEqualTo("section = 'net'");
                    assertThat(options.all()).isFalse();
                    assertThat(options.dryRun()).isFalse();
                });
    }

    @Test
    void deleteCountsBeforeItDeletesEverything() throws IOException {
        client.store("a", 1, 0, Map.of());
        client.store("b", 1, 0, Map.of());
        assertThat(run("delete", "--all", "--dry-run", "-o", "json")).isZero();
        assertThat(json().path("matchingPoints").asInt()).isEqualTo(2);
        assertThat(client.points).hasSize(2);
        assertThat(run("delete", "--all")).isZero();
        assertThat(client.points).isEmpty();
        assertThat(client.deletes).allMatch(options -> options.all() && options.filter().isEmpty());
        assertThat(run("delete", "a", "--dry-run")).isEqualTo(1);
        assertThat(run("delete", "--all", "--where", "a = 1")).isEqualTo(2);
    }

    @Test
    void fieldsAreAddedWithDefaults() throws IOException {
        assertThat(run("collection", "add-field", "docs", "views:long", "--default", "7")).isZero();
        assertThat(out()).contains("views of type long");
        assertThat(run("collection", "add-field", "docs", "extra:json", "--default", "{\"a\": 1}"))
                .isZero();
        assertThat(
                        run(
                                "collection",
                                "add-field",
                                "docs",
                                "since:timestamp:unindexed",
                                "--default",
                                "2026-01-31T12:00:00Z",
                                "-o",
                                "json"))
                .isZero();
        JsonNode fields = json().path("fields");
        JsonNode since = fields.get(fields.size() - 1);
        assertThat(since.path("default").asText()).isEqualTo("2026-01-31T12:00:00Z");
        assertThat(since.path("indexed").asBoolean()).isFalse();
        assertThat(fields.get(fields.size() - 2).path("default").path("a").asInt()).isEqualTo(1);
        assertThat(run("collection", "describe", "docs")).isZero();
        assertThat(out()).contains("DEFAULT").contains("views").contains("7");
        assertThat(run("collection", "add-field", "docs", "views:string")).isEqualTo(1);
        assertThat(err()).contains("ARB-1305");
        assertThat(run("collection", "add-field", "docs", "n:long", "--default", "many"))
                .isEqualTo(1);
        assertThat(err()).contains("ARB-1109", "'n' is long", "many");
        assertThat(run("collection", "add-field", "docs", "n:long", "--default", "\"1\""))
                .isEqualTo(1);
        assertThat(err()).contains("ARB-1109");
        assertThat(run("collection", "add-field", "docs")).isEqualTo(2);
    }

    @Test
    void putSaysNullPatchesAndTakesAnyJson() throws IOException {
        client.addField("docs", new Field("extra", FieldType.JSON));
        input =
                """
                {"id":"a","op":"patch","fields":{"section":null,"extra":{"deep":[1,null]}}}
                {"id":"b","vector":[1,0],"fields":{"extra":"text"}}
                {"id":"c","op":"patch","vector":[1,0]}
                {"id":"d","op":"remove"}
                """;
        assertThat(run("put")).isEqualTo(1);
        assertThat(err()).contains("line 3: ARB-1111").contains("line 4: ARB-4103");
        assertThat(Objects.requireNonNull(client.points.get(PointKey.of("a"))).metadata())
                .containsEntry("section", ExplicitNull.NULL)
                .containsEntry("extra", "{\"deep\":[1,null]}");
        client.store("e", 1, 0, Map.of("extra", "{\"deep\": [1]}"));
        assertThat(run("get", "e", "-o", "json")).isZero();
        assertThat(json().path("points").get(0).path("fields").path("extra").path("deep").get(0))
                .isEqualTo(new ObjectMapper().readTree("1"));
        assertThat(out()).contains("{\"deep\": [1]}");
    }

    @Test
    void explainSaysThatItAsks() {
        assertThat(run("explain", "--vector", "[1, 0]", "--filter", "size > 3")).isZero();
        assertThat(client.queries.get(0).explain()).isTrue();
        assertThat(out()).contains("PLAN", "CODES", "MATCHING", "VISITED");
    }

    @Test
    void deleteRemovesPoints() {
        client.store("a", 1, 0, Map.of());
        assertThat(run("delete", "a")).isZero();
        assertThat(client.points).isEmpty();
    }

    @Test
    void collectionsAreCreatedListedDescribedAndDropped() throws IOException {
        assertThat(
                        run(
                                "collection",
                                "create",
                                "books",
                                "--dimension",
                                "3",
                                "--metric",
                                "l2",
                                "--key",
                                "int64",
                                "--field",
                                "title:string",
                                "--field",
                                "tags:string_array:unindexed",
                                "--shards",
                                "2",
                                "--codes",
                                "signs",
                                "--layout",
                                "fast"))
                .isZero();
        var created = Objects.requireNonNull(client.definitions.get("books"));
        assertThat(created.hnsw().codes())
                .isEqualTo(new IndexCodes(IndexCodes.Kind.SIGNS, IndexCodes.Layout.FAST));
        assertThat(created.keyType()).isEqualTo(KeyType.INT64);
        assertThat(created.shardCount()).isEqualTo(2);
        assertThat(created.fields()).hasSize(2);
        assertThat(created.fields().get(1).indexed()).isFalse();
        assertThat(run("collection", "list", "-o", "json")).isZero();
        assertThat(json().path("collections")).hasSize(2);
        assertThat(run("collection", "describe", "books")).isZero();
        assertThat(out())
                .contains("3 x l2")
                .contains("string_array")
                .contains("signs, layout fast");
        assertThat(run("collection", "create", "x", "-d", "3", "--codes", "halves")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1303 ").contains("auto, none, bytes, nibbles or signs");
        assertThat(run("collection", "drop", "books", "--dry-run")).isZero();
        assertThat(client.definitions).containsKey("books");
        assertThat(run("collection", "drop", "books")).isZero();
        assertThat(client.definitions).doesNotContainKey("books");
        assertThat(run("collection", "drop", "books")).isEqualTo(1);
        assertThat(run("collection", "create", "x", "-d", "3", "--field", "oops")).isEqualTo(1);
        assertThat(err()).startsWith("ARB-1303 ").hasLineCount(1);
    }

    @Test
    void statusIsPartialIfAShardDoesNotReport() throws IOException {
        assertThat(run("status", "-o", "json")).isEqualTo(4);
        assertThat(json().path("collections").get(0).path("complete").asBoolean()).isFalse();
        client.reports.add(
                new io.arbalest.client.ArbalestClient.ShardReport(
                        "node-0", "docs", 0, 1, "serving", 9, 9, 8, 7, 1, 0, 0, 0, 4096, ""));
        assertThat(run("status")).isZero();
        assertThat(out()).contains("serving");
    }

    @Test
    void doctorListsItsChecks() throws IOException {
        run("doctor", "-o", "json");
        assertThat(json().path("checks"))
                .isNotEmpty()
                .allSatisfy(check ->
                        assertThat(check.path("outcome").asText()).isIn("ok", "warn", "fail"));
    }

    @Test
    void tablesFitTheTerminal() {
        columns = 40;
        client.store(
                "a",
                1,
                0,
                Map.of("section", "a very long section that does not fit into forty columns"));
        assertThat(run("search", "--vector", "[1, 0]", "--fields", "section")).isZero();
        assertThat(out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(40));
        assertThat(out()).contains("\u2026");
    }
}
