package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.Point;
import io.arbalest.model.CollectionDefinition;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code arbalest delete}: removes points by key. */
@Command(
        name = "delete",
        description =
                "Delete points by id. A later write of the stream with a higher version brings a"
                        + " point back.",
        footerHeading = "%nExamples:%n",
        footer = "  arbalest delete my-tool")
final class DeleteCommand extends ClusterCommand {
    @Mixin CollectionOption collection = new CollectionOption();

    @Parameters(paramLabel = "ID", arity = "1..*", description = "ids of the points")
    List<String> ids = List.of();

    DeleteCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        CollectionDefinition definition = collection(client, collection.name).definition();
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
}
