package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Hit;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.PointKey;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code arbalest get}: points by key. */
@Command(
        name = "get",
        description = "Show points by id.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest get wireshark rclone",
            "  arbalest get wireshark --vector -o json",
            "Exit code 1 if an id was not found."
        })
final class GetCommand extends ClusterCommand {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Mixin CollectionOption collection = new CollectionOption();

    @Parameters(paramLabel = "ID", arity = "1..*", description = "ids of the points")
    List<String> ids = List.of();

    @Option(
            names = "--fields",
            paramLabel = "A,B",
            split = ",",
            description = "metadata to show; default: all")
    @Nullable List<String> fields;

    @Option(names = "--vector", description = "show the vector too")
    boolean vector;

    GetCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        CollectionDefinition definition = collection(client, collection.name).definition();
        HitFields.check(definition, fields);
        List<PointKey> keys =
                ids.stream().map(id -> PointJson.key(definition.keyType(), id)).toList();
        Map<PointKey, Hit> found =
                client.get(
                        definition.name(),
                        keys,
                        new ArbalestClient.GetOptions(fields, vector, Optional.empty(), TIMEOUT));
        List<String> missing =
                keys.stream()
                        .filter(key -> !found.containsKey(key))
                        .map(PointKey::toString)
                        .toList();
        if (output.json()) {
            List<Object> points = new ArrayList<>();
            for (PointKey key : keys) {
                Hit hit = found.get(key);
                if (hit != null) {
                    points.add(HitFields.document(definition, hit));
                }
            }
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("collection", definition.name());
            document.put("points", points);
            document.put("missing", missing);
            printJson(document);
        } else {
            keys.stream().map(found::get).forEach(hit -> print(definition, hit));
            if (!missing.isEmpty()) {
                shell.err().println("Not found: " + String.join(", ", missing));
            }
        }
        return missing.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    private void print(CollectionDefinition definition, @Nullable Hit hit) {
        if (hit == null) {
            return;
        }
        int width = "version".length();
        for (String name : hit.metadata().keySet()) {
            width = Math.max(width, name.length());
        }
        String format = "  %-" + width + "s  %s%n";
        shell.out().println(hit.key());
        shell.out().printf(format, "(version)", hit.version());
        for (var field : definition.fields()) {
            Object value = hit.metadata().get(field.name());
            if (value != null) {
                shell.out().printf(format, field.name(), HitFields.text(value));
            }
        }
        short[] components = hit.vector();
        if (components != null) {
            shell.out().printf(format, "(vector)", HitFields.vector(components));
        }
    }
}
