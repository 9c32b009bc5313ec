package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Point;
import io.arbalest.model.CollectionDefinition;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code arbalest delete}: removes points by key or by a condition on their metadata. */
@Command(
        name = "delete",
        description =
                "Delete points by id. A later write of the stream with a higher version brings a"
                        + " point back.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest delete my-tool",
            "  arbalest delete --where \"section = 'oldlibs' and installed_kb < 100\""
        })
final class DeleteCommand extends ClusterCommand {
    @Mixin CollectionOption collection = new CollectionOption();

    @ArgGroup(multiplicity = "1")
    Subject subject = new Subject();

    /** What to delete: ids, or what matches. */
    static final class Subject {
        @Parameters(paramLabel = "ID", arity = "1..*", description = "ids of the points")
        List<String> ids = List.of();

        @Option(
                names = "--where",
                paramLabel = "CONDITION",
                required = true,
                description = "every point that it accepts")
        @Nullable String where;
    }

    DeleteCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        CollectionDefinition definition = collection(client, collection.name).definition();
        if (subject.where != null) {
            return deleteWhere(client, definition, subject.where);
        }
        List<String> ids = subject.ids;
        List<Point> deletes =
                ids.stream()
                        .map(id -> Point.delete(PointJson.key(definition.keyType(), id), null))
                        .toList();
        client.write(definition.name(), deletes);
        if (output.json()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("collection", definition.name());
            document.put("deleted", ids);
            printJson(document);
        } else {
            shell.out().println("Deleted: " + String.join(", ", ids));
        }
        return ExitCode.OK;
    }

    private int deleteWhere(ArbalestClient client, CollectionDefinition definition, String where) {
        long deleted = client.deleteWhere(definition.name(), where, Duration.ofSeconds(60));
        if (output.json()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("collection", definition.name());
            document.put("where", where);
            document.put("deletedPoints", deleted);
            printJson(document);
        } else {
            shell.out().println("Deleted: " + deleted + " points");
        }
        return ExitCode.OK;
    }
}
