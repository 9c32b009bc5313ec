package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.FieldType;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.ShardAssignment;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** {@code arbalest collection ...}: the group of commands about collections. */
@Command(
        name = "collection",
        description = "Create, list, describe, extend and drop collections.",
        synopsisSubcommandLabel = "(create | list | describe | add-field | drop)")
final class CollectionCommand {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "show this help and exit")
    boolean help;

    /** {@code arbalest collection create}. */
    @Command(
            name = "create",
            description =
                    "Create a collection; everything but its points is fixed from then on, and only"
                            + " fields can be added.",
            footerHeading = "%nExamples:%n",
            footer = {
                "  arbalest collection create docs --dimension 384 --metric cosine",
                "  arbalest collection create docs --dimension 384 --shards 3 --field"
                        + " section:string --field size:long --field body:string:unindexed",
                "  arbalest collection create docs --dimension 768 --layout fast"
            })
    static final class Create extends ClusterCommand {
        @Parameters(paramLabel = "NAME", description = "lower-case letters, digits, _ and -")
        String name = "";

        @Option(
                names = {"-d", "--dimension"},
                paramLabel = "N",
                required = true,
                description = "components of every vector")
        int dimension;

        @Option(
                names = "--metric",
                paramLabel = "METRIC",
                description = "l2, ip or cosine; default: ${DEFAULT-VALUE}")
        String metric = Metric.COSINE.label();

        @Option(
                names = "--key",
                paramLabel = "TYPE",
                description = "string or int64; default: ${DEFAULT-VALUE}")
        String key = "string";

        @Option(
                names = "--field",
                paramLabel = "NAME:TYPE[:unindexed]",
                description =
                        "a metadata field: string, long, double, boolean, timestamp, or one of them"
                                + " with _array, or json; may be repeated")
        List<String> fields = List.of();

        @Option(
                names = "--shards",
                paramLabel = "N",
                description = "default: one for each node that is known")
        int shards;

        @Option(
                names = "--m",
                paramLabel = "N",
                description = "graph links; default: ${DEFAULT-VALUE}")
        int m = HnswParams.DEFAULT.m();

        @Option(
                names = "--ef-construction",
                paramLabel = "N",
                description = "default: ${DEFAULT-VALUE}")
        int efConstruction = HnswParams.DEFAULT.efConstruction();

        @Option(
                names = "--ef",
                paramLabel = "N",
                description = "of a search that does not say otherwise; default: ${DEFAULT-VALUE}")
        int ef = HnswParams.DEFAULT.ef();

        @Option(
                names = "--codes",
                paramLabel = "KIND",
                description =
                        "what sealed segments hold beside their vectors: none, bytes, nibbles,"
                                + " signs, or auto, which measures each segment; default:"
                                + " ${DEFAULT-VALUE}")
        String codes = IndexCodes.Kind.AUTO.label();

        @Option(
                names = "--layout",
                paramLabel = "LAYOUT",
                description =
                        "balanced: codes once a point; fast: those of its neighbours beside each"
                                + " point, several times the memory; auto: as measured; default:"
                                + " ${DEFAULT-VALUE}")
        String layout = IndexCodes.Layout.AUTO.label();

        @Option(names = "--if-not-exists", description = "do nothing if it is already there")
        boolean ifNotExists;

        Create(Shell shell) {
            super(shell);
        }

        @Override
        int run(ArbalestClient client) {
            int shardCount = shards > 0 ? shards : Math.max(1, client.image().nodes().size());
            CollectionDefinition definition =
                    new CollectionDefinition(
                            name,
                            new UUID(0, 0),
                            keyType(key),
                            dimension,
                            Metric.ofLabel(metric),
                            new HnswParams(
                                    m,
                                    efConstruction,
                                    ef,
                                    new IndexCodes(
                                            IndexCodes.Kind.ofLabel(codes),
                                            IndexCodes.Layout.ofLabel(layout))),
                            fields.stream().map(text -> field(text, null)).toList(),
                            shardCount,
                            1);
            ClusterImage.Collection created = client.createCollection(definition, ifNotExists);
            if (output.json()) {
                printJson(document(created));
            } else {
                shell.out()
                        .println(
                                "Collection "
                                        + name
                                        + " with "
                                        + created.shards().size()
                                        + " shards.");
            }
            return ExitCode.OK;
        }

        private static KeyType keyType(String word) {
            return switch (word.toLowerCase(Locale.ROOT)) {
                case "string" -> KeyType.STRING;
                case "int64", "long" -> KeyType.INT64;
                default ->
                        throw new ArbalestException(
                                ErrorCode.INVALID_DEFINITION,
                                "unknown key type '" + word + "'",
                                "use string or int64");
            };
        }
    }

    /** {@code arbalest collection list}. */
    @Command(
            name = "list",
            description = "List the collections.",
            footerHeading = "%nExamples:%n",
            footer = "  arbalest collection list -o json")
    static final class ListAll extends ClusterCommand {
        ListAll(Shell shell) {
            super(shell);
        }

        @Override
        int run(ArbalestClient client) {
            ClusterImage image = client.refresh();
            if (output.json()) {
                printJson(
                        Map.of(
                                "collections",
                                image.collections().values().stream()
                                        .map(CollectionCommand::document)
                                        .toList()));
                return ExitCode.OK;
            }
            TextTable table =
                    new TextTable("NAME", "KEY", "DIMENSION", "METRIC", "FIELDS", "SHARDS");
            for (ClusterImage.Collection collection : image.collections().values()) {
                CollectionDefinition definition = collection.definition();
                table.row(
                        definition.name(),
                        label(definition.keyType()),
                        definition.dimension(),
                        definition.metric().label(),
                        definition.fields().size(),
                        collection.shards().size());
            }
            printTable(table);
            return ExitCode.OK;
        }
    }

    /** {@code arbalest collection describe}. */
    @Command(
            name = "describe",
            description = "Show how a collection is defined and where its shards are.",
            footerHeading = "%nExamples:%n",
            footer = "  arbalest collection describe packages")
    static final class Describe extends ClusterCommand {
        @Parameters(paramLabel = "NAME", description = "the collection")
        String name = "";

        Describe(Shell shell) {
            super(shell);
        }

        @Override
        int run(ArbalestClient client) {
            ClusterImage.Collection collection = client.refresh().requireCollection(name);
            if (output.json()) {
                printJson(document(collection));
                return ExitCode.OK;
            }
            CollectionDefinition definition = collection.definition();
            HnswParams hnsw = definition.hnsw();
            shell.out().println("name         " + definition.name());
            shell.out().println("incarnation  " + definition.incarnation());
            shell.out().println("key          " + label(definition.keyType()));
            shell.out()
                    .println(
                            "vectors      "
                                    + definition.dimension()
                                    + " x "
                                    + definition.metric().label());
            shell.out()
                    .println(
                            "graph        m "
                                    + hnsw.m()
                                    + ", ef construction "
                                    + hnsw.efConstruction()
                                    + ", ef "
                                    + hnsw.ef());
            shell.out()
                    .println(
                            "codes        "
                                    + hnsw.codes().kind().label()
                                    + ", layout "
                                    + hnsw.codes().layout().label());
            shell.out().println();
            TextTable fields = new TextTable("FIELD", "TYPE", "INDEXED", "DEFAULT");
            for (Field f : definition.fields()) {
                Object value = f.defaultValue();
                fields.row(
                        f.name(),
                        label(f.type()),
                        f.indexed() ? "yes" : "no",
                        value == null ? "" : HitFields.text(value));
            }
            printTable(fields);
            shell.out().println();
            TextTable shards = new TextTable("SHARD", "FIRST HASH", "PRIMARY", "TERM", "IN SYNC");
            for (ShardAssignment shard : collection.shards()) {
                shards.row(
                        shard.shard().number(),
                        String.format("%016x", shard.range().first()),
                        shard.primary(),
                        shard.term(),
                        String.join(" ", shard.inSync()));
            }
            printTable(shards);
            return ExitCode.OK;
        }
    }

    /** {@code arbalest collection add-field}. */
    @Command(
            name = "add-field",
            description =
                    "Add a metadata field to a collection that is in use. Points that were written"
                            + " before have the default, or null.",
            footerHeading = "%nExamples:%n",
            footer = {
                "  arbalest collection add-field docs author:string",
                "  arbalest collection add-field docs views:long --default 0",
                "  arbalest collection add-field docs labels:string_array --default '[\"new\"]'"
            })
    static final class AddField extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the collection")
        String name = "";

        @Parameters(
                index = "1",
                paramLabel = "FIELD:TYPE[:unindexed]",
                description =
                        "string, long, double, boolean, timestamp, or one of them with _array, or"
                                + " json")
        String field = "";

        @Option(
                names = "--default",
                paramLabel = "LITERAL",
                description =
                        "what points have that are written without the field: text as it is, a time"
                                + " as 2026-01-31T12:00:00Z, else as JSON; default: null")
        @Nullable String literal;

        AddField(Shell shell) {
            super(shell);
        }

        @Override
        int run(ArbalestClient client) {
            Field added = field(field, literal);
            ClusterImage.Collection grown = client.addField(name, added);
            if (output.json()) {
                printJson(document(grown));
            } else {
                shell.out()
                        .println(
                                "Collection "
                                        + name
                                        + " has field "
                                        + added.name()
                                        + " of type "
                                        + label(added.type())
                                        + ".");
            }
            return ExitCode.OK;
        }
    }

    /** A field as it is declared on the command line. */
    private static Field field(String text, @Nullable String literal) {
        String[] parts = text.split(":", -1);
        boolean unindexed = parts.length == 3 && parts[2].equals("unindexed");
        if (parts.length < 2 || parts.length > 3 || (parts.length == 3 && !unindexed)) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION,
                    "'" + text + "' does not declare a field",
                    "write NAME:TYPE or NAME:TYPE:unindexed, for example section:string");
        }
        FieldType type;
        try {
            type = FieldType.valueOf(parts[1].toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION,
                    "unknown field type '" + parts[1] + "' in '" + text + "'",
                    "use string, long, double, boolean or timestamp, or one of them with _array,"
                            + " or json",
                    e);
        }
        Field field = new Field(parts[0], type, !unindexed);
        return literal == null
                ? field
                : new Field(parts[0], type, !unindexed, PointJson.literal(field, literal));
    }

    /** {@code arbalest collection drop}. */
    @Command(
            name = "drop",
            description = "Drop a collection and all its points.",
            footerHeading = "%nExamples:%n",
            footer = {
                "  arbalest collection drop docs --dry-run",
                "  arbalest collection drop docs"
            })
    static final class Drop extends ClusterCommand {
        @Parameters(paramLabel = "NAME", description = "the collection")
        String name = "";

        @Option(names = "--if-exists", description = "do nothing if it is not there")
        boolean ifExists;

        @Option(names = "--dry-run", description = "only say what would be dropped")
        boolean dryRun;

        Drop(Shell shell) {
            super(shell);
        }

        @Override
        int run(ArbalestClient client) {
            if (dryRun) {
                client.refresh().requireCollection(name);
                long points =
                        client.shardReports(name).stream()
                                .mapToLong(ArbalestClient.ShardReport::livePoints)
                                .sum();
                report("Would drop " + name + " with " + points + " points.", false);
            } else {
                client.dropCollection(name, ifExists);
                report("Dropped " + name + ".", true);
            }
            return ExitCode.OK;
        }

        private void report(String line, boolean dropped) {
            if (output.json()) {
                Map<String, Object> document = new LinkedHashMap<>();
                document.put("collection", name);
                document.put("dropped", dropped);
                printJson(document);
            } else {
                shell.out().println(line);
            }
        }
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, Object> document(ClusterImage.Collection collection) {
        CollectionDefinition definition = collection.definition();
        List<Object> fields = new ArrayList<>();
        for (Field field : definition.fields()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", field.name());
            entry.put("type", label(field.type()));
            entry.put("indexed", field.indexed());
            Object value = field.defaultValue();
            if (value != null) {
                entry.put("default", HitFields.json(field, value));
            }
            fields.add(entry);
        }
        List<Object> shards = new ArrayList<>();
        for (ShardAssignment shard : collection.shards()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("shard", shard.shard().number());
            entry.put("firstHash", String.format("%016x", shard.range().first()));
            entry.put("lastHash", String.format("%016x", shard.range().last()));
            entry.put("primary", shard.primary());
            entry.put("term", shard.term());
            entry.put("inSync", shard.inSync());
            shards.add(entry);
        }
        Map<String, Object> hnsw = new LinkedHashMap<>();
        hnsw.put("m", definition.hnsw().m());
        hnsw.put("efConstruction", definition.hnsw().efConstruction());
        hnsw.put("ef", definition.hnsw().ef());
        hnsw.put("codes", definition.hnsw().codes().kind().label());
        hnsw.put("layout", definition.hnsw().codes().layout().label());
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", definition.name());
        document.put("incarnation", definition.incarnation().toString());
        document.put("keyType", label(definition.keyType()));
        document.put("dimension", definition.dimension());
        document.put("metric", definition.metric().label());
        document.put("hnsw", hnsw);
        document.put("fields", fields);
        document.put("replicationFactor", definition.replicationFactor());
        document.put("shards", shards);
        return document;
    }
}
