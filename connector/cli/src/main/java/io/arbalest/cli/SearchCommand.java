package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.client.SearchQuery;
import io.arbalest.client.SearchResult;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.Binary16;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code arbalest search}: the nearest points to a text, a vector or another point. */
@Command(
        name = "search",
        description = "Find the points nearest to a text, a vector or another point.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest search --text \"backup my files to the cloud\" --filter \"section ="
                    + " 'net'\"",
            "  arbalest search --id wireshark -k 5 --fields section,summary",
            "  arbalest search --vector '[0.1, 0.7, 0.2]' --exact -o json",
            "A score is larger for closer points. Exit code 4 if a shard did not answer."
        })
sealed class SearchCommand extends ClusterCommand permits ExplainCommand {
    /** Columns that a table shows unless fields were asked for, if the collection has them. */
    private static final List<String> PREFERRED =
            List.of("section", "category", "title", "name", "summary");

    private static final int MOST_DEFAULT_COLUMNS = 3;

    @ArgGroup(multiplicity = "1")
    Subject subject = new Subject();

    @Mixin CollectionOption collection = new CollectionOption();

    @Mixin TextEmbedding embedding = new TextEmbedding();

    @Option(
            names = "--filter",
            paramLabel = "CONDITION",
            description = "for example: section = 'net' and priority = 'optional'")
    @Nullable String filter;

    @Option(
            names = {"-k", "--limit"},
            paramLabel = "N",
            description = "how many; default: ${DEFAULT-VALUE}")
    int k = 10;

    @Option(
            names = "--ef",
            paramLabel = "N",
            description = "candidates kept: more finds better and takes longer")
    int ef;

    @Option(names = "--exact", description = "score every matching point")
    boolean exact;

    @Option(
            names = "--adaptive-stop",
            description =
                    "end the walk once the best have settled: for large k and ef, fewer points"
                            + " scored for a little recall; not with --exact")
    boolean adaptiveStop;

    @Option(names = "--min-score", paramLabel = "X", description = "leave out points below")
    @Nullable Double minScore;

    @Option(names = "--fields", paramLabel = "A,B", split = ",", description = "metadata to show")
    @Nullable List<String> fields;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "default: ${DEFAULT-VALUE}")
    double timeoutSeconds = 10;

    /** What to search for: exactly one of three. */
    static final class Subject {
        @Option(
                names = {"-t", "--text"},
                paramLabel = "WORDS",
                required = true,
                description = "plain words")
        @Nullable String text;

        @Option(
                names = "--vector",
                paramLabel = "JSON",
                required = true,
                description = "an array of numbers")
        @Nullable String vector;

        @Option(
                names = "--id",
                paramLabel = "ID",
                required = true,
                description = "points like this one")
        @Nullable String id;
    }

    SearchCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        CollectionDefinition definition = collection(client, collection.name).definition();
        HitFields.check(definition, fields);
        if (k < 1 || timeoutSeconds <= 0) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "k is " + k + " and the timeout " + timeoutSeconds + " s",
                    "use positive numbers");
        }
        List<String> columns = columns(definition);
        float[] vector = queryVector(client, definition);
        SearchQuery query =
                SearchQuery.nearest(k)
                        .withEf(ef)
                        .withExact(exact)
                        .withAdaptiveStop(adaptiveStop)
                        .withFilter(filter)
                        .withMinScore(minScore)
                        .withFields(output.json() ? fields : columns)
                        .withExplain(explains())
                        .withTimeout(Duration.ofMillis((long) (timeoutSeconds * 1000)));
        long begin = System.nanoTime();
        SearchResult result = client.search(definition.name(), List.of(vector), query);
        double millis = (System.nanoTime() - begin) / 1e6;
        if (output.json()) {
            printJson(document(definition, result, millis));
        } else {
            print(columns, result);
        }
        if (!output.json()) {
            explain(result);
        }
        if (result.partial() && !output.json()) {
            result.missing()
                    .forEach((shard, error) ->
                            shell.err().println("shard " + shard + ": " + error.getMessage()));
        }
        return result.partial() ? ExitCode.PARTIAL : ExitCode.OK;
    }

    /** Whether the nodes are asked how they searched. */
    boolean explains() {
        return false;
    }

    /** Prints how the nodes searched. */
    void explain(SearchResult result) {}

    private float[] queryVector(ArbalestClient client, CollectionDefinition definition) {
        if (subject.text != null) {
            float[] vector = embedding.embed(subject.text, clusterFile());
            if (vector.length != definition.dimension()) {
                throw new ArbalestException(
                        ErrorCode.DIMENSION_MISMATCH,
                        "collection '"
                                + definition.name()
                                + "' has dimension "
                                + definition.dimension()
                                + ", the embedding model gives "
                                + vector.length,
                        "name the collection's own model with --embedding, or give a vector");
            }
            return vector;
        }
        if (subject.vector != null) {
            return PointJson.vector(subject.vector, definition.dimension());
        }
        PointKey key = PointJson.key(definition.keyType(), String.valueOf(subject.id));
        ArbalestClient.GetOptions options =
                new ArbalestClient.GetOptions(
                        List.of(), true, Optional.empty(), Duration.ofSeconds(10));
        Hit hit = client.get(definition.name(), List.of(key), options).get(key);
        short[] stored = hit == null ? null : hit.vector();
        if (stored == null) {
            throw new ArbalestException(
                    ErrorCode.KEY_MISSING,
                    "collection '" + definition.name() + "' has no point '" + subject.id + "'",
                    "check the id with: arbalest get " + subject.id);
        }
        float[] vector = new float[stored.length];
        for (int component = 0; component < vector.length; component++) {
            vector[component] = Binary16.toFloat(stored[component]);
        }
        return vector;
    }

    private List<String> columns(CollectionDefinition definition) {
        if (fields != null) {
            return fields;
        }
        List<String> preferred =
                PREFERRED.stream().filter(name -> definition.field(name).isPresent()).toList();
        if (!preferred.isEmpty()) {
            return preferred;
        }
        return definition.fields().stream()
                .filter(field -> !field.type().isArray())
                .map(Field::name)
                .limit(MOST_DEFAULT_COLUMNS)
                .toList();
    }

    private void print(List<String> columns, SearchResult result) {
        List<Hit> hits = result.hits().get(0);
        if (hits.isEmpty()) {
            shell.out()
                    .println(
                            result.partial()
                                    ? "Nothing found in the shards that answered."
                                    : "Nothing found.");
            return;
        }
        List<String> titles = new ArrayList<>(List.of("RANK", "SCORE", "ID"));
        columns.forEach(column -> titles.add(column.toUpperCase(Locale.ROOT)));
        TextTable table = new TextTable(titles);
        for (int rank = 0; rank < hits.size(); rank++) {
            Hit hit = hits.get(rank);
            List<@Nullable Object> row = new ArrayList<>();
            row.add(rank + 1);
            row.add(String.format(Locale.ROOT, "%.4f", hit.score() + 0.0)); // -0.0 as 0.0
            row.add(hit.key());
            for (String column : columns) {
                Object value = hit.metadata().get(column);
                row.add(value == null ? null : HitFields.text(value));
            }
            table.row(row);
        }
        printTable(table);
    }

    private Map<String, Object> document(
            CollectionDefinition definition, SearchResult result, double millis) {
        List<Object> hits = new ArrayList<>();
        for (Hit hit : result.hits().get(0)) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("rank", hits.size() + 1);
            entry.put("score", hit.score());
            entry.putAll(HitFields.document(definition, hit));
            hits.add(entry);
        }
        List<Object> missing = new ArrayList<>();
        result.missing()
                .forEach((shard, error) -> {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    entry.put("shard", shard);
                    entry.putAll(ErrorLine.fields(error));
                    missing.add(entry);
                });
        SearchResult.Statistics statistics = result.statistics();
        Map<String, Object> cost = new LinkedHashMap<>();
        cost.put("scored", statistics.scored());
        cost.put("tailScored", statistics.tailScored());
        cost.put("linkedPoints", statistics.linkedPoints());
        cost.put("tailPoints", statistics.tailPoints());
        cost.put("livePoints", statistics.livePoints());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("collection", definition.name());
        document.put("k", k);
        document.put("tookMillis", Math.round(millis * 1000) / 1000.0);
        document.put("partial", result.partial());
        document.put("deadlineReached", result.deadlineReached());
        document.put("missingShards", missing);
        document.put("statistics", cost);
        if (explains()) {
            document.put("plans", result.plans().stream().map(ExplainCommand::document).toList());
        }
        document.put("hits", hits);
        return document;
    }
}
