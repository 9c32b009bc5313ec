package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.DeletedPoints;
import io.arbalest.client.Point;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.ErrorCode;

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
import java.util.Optional;

/** {@code arbalest delete}: removes points by key or by a condition on their metadata. */
@Command(
        name = "delete",
        description =
                "Delete points by id. A later write of the stream with a higher version brings a"
                        + " point back.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest delete my-tool",
            "  arbalest delete --where \"section = 'oldlibs' and installed_kb < 100\" --dry-run",
            "  arbalest delete --where \"section = 'oldlibs' and installed_kb < 100\"",
            "  arbalest delete --all"
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

        @Option(names = "--all", required = true, description = "every point of the collection")
        boolean all;
    }

    @Option(names = "--dry-run", description = "only count what --where or --all would delete")
    boolean dryRun;

    DeleteCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        CollectionDefinition definition = collection(client, collection.name).definition();
        if (subject.where != null || subject.all) {
            return deleteWhere(client, definition);
        }
        if (dryRun) {
            throw new ArbalestException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "--dry-run counts what --where or --all would delete, ids are given",
                    "look at the points with: arbalest get ID");
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

    private static DeletedPoints step(
            ArbalestClient client,
            CollectionDefinition definition,
            ArbalestClient.DeleteOptions options,
            long deletedBefore) {
        try {
            return client.deleteWhere(definition.name(), options);
        } catch (ArbalestException e) {
            if (deletedBefore == 0) {
                throw e;
            }
            throw e.prefixed(deletedBefore + " points were deleted, then the delete failed: ");
        }
    }

    private int deleteWhere(ArbalestClient client, CollectionDefinition definition) {
        String where = subject.where == null ? "" : subject.where;
        ArbalestClient.DeleteOptions options =
                new ArbalestClient.DeleteOptions(
                        where, subject.all, dryRun, Optional.empty(), Duration.ofSeconds(60));
        long deleted = 0;
        long changed = 0;
        DeletedPoints step;
        do {
            step = step(client, definition, options, deleted);
            deleted = dryRun ? step.deleted() : deleted + step.deleted();
            changed += step.changed();
        } while (!step.finished() && step.missing().isEmpty());
        if (output.json()) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("collection", definition.name());
            document.put("where", where);
            document.put(dryRun ? "matchingPoints" : "deletedPoints", deleted);
            document.put("changedPoints", changed);
            document.put("missingShards", step.missing().keySet().stream().sorted().toList());
            printJson(document);
        } else {
            shell.out().println((dryRun ? "Would delete: " : "Deleted: ") + deleted + " points");
            if (changed > 0) {
                shell.out().println("Written again meanwhile, and kept: " + changed);
            }
        }
        step.missing()
                .forEach((shard, error) ->
                        shell.err().println("shard " + shard + ": " + error.getMessage()));
        return step.missing().isEmpty() ? ExitCode.OK : ExitCode.PARTIAL;
    }
}
