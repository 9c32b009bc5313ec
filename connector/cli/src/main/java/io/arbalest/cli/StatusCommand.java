package io.arbalest.cli;

import io.arbalest.client.ArbalestClient;
import io.arbalest.client.ArbalestClient.ShardReport;
import io.arbalest.model.ClusterImage;
import io.arbalest.model.NodeInfo;
import io.arbalest.model.ShardAssignment;

import picocli.CommandLine.Command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code arbalest status}: nodes, collections and shards, as the metadata group and every node see
 * them.
 */
@Command(
        name = "status",
        description = "Show the nodes, the collections and how each shard is doing.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest status",
            "  arbalest status -o json | jq '.collections[].points'",
            "Exit code 4 if a node or a shard did not answer."
        })
final class StatusCommand extends ClusterCommand {
    StatusCommand(Shell shell) {
        super(shell);
    }

    @Override
    int run(ArbalestClient client) {
        ClusterImage image = client.refresh();
        Map<String, String> nodeStates = new TreeMap<>();
        image.nodes().values().forEach(node -> nodeStates.put(node.name(), NodeHealth.state(node)));
        Map<String, Map<Integer, ShardReport>> reports = new TreeMap<>();
        for (String name : image.collections().keySet()) {
            Map<Integer, ShardReport> byShard = new TreeMap<>();
            client.shardReports(name).forEach(report -> byShard.put(report.shard(), report));
            reports.put(name, byShard);
        }
        if (output.json()) {
            printJson(document(image, nodeStates, reports));
        } else {
            printTables(image, nodeStates, reports);
        }
        boolean complete =
                nodeStates.values().stream().allMatch(NodeHealth.READY::equals)
                        && image.collections().values().stream()
                                .allMatch(c -> reports(c, reports).size() == c.shards().size());
        return complete ? ExitCode.OK : ExitCode.PARTIAL;
    }

    private static Map<Integer, ShardReport> reports(
            ClusterImage.Collection collection, Map<String, Map<Integer, ShardReport>> reports) {
        return reports.getOrDefault(collection.definition().name(), Map.of());
    }

    private void printTables(
            ClusterImage image,
            Map<String, String> nodeStates,
            Map<String, Map<Integer, ShardReport>> reports) {
        TextTable nodes = new TextTable("NODE", "FLIGHT", "HTTP", "STATE");
        for (NodeInfo node : image.nodes().values()) {
            nodes.row(
                    node.name(),
                    node.host() + ":" + node.flightPort(),
                    "http://" + node.host() + ":" + node.httpPort(),
                    Optional.ofNullable(nodeStates.get(node.name()))
                            .orElse(NodeHealth.UNREACHABLE));
        }
        printTable(nodes);
        shell.out().println();
        if (image.collections().isEmpty()) {
            shell.out().println("No collections.");
            return;
        }
        TextTable shards =
                new TextTable(
                        "COLLECTION",
                        "SHARD",
                        "PRIMARY",
                        "TERM",
                        "STATE",
                        "POINTS",
                        "LINKED",
                        "TAIL",
                        "LOG BYTES");
        for (ClusterImage.Collection collection : image.collections().values()) {
            for (ShardAssignment shard : collection.shards()) {
                ShardReport report = reports(collection, reports).get(shard.shard().number());
                List<Object> row = new ArrayList<>();
                row.add(collection.definition().name());
                row.add(shard.shard().number());
                row.add(shard.primary());
                row.add(shard.term());
                if (report == null) {
                    row.addAll(List.of("no answer", "?", "?", "?", "?"));
                } else {
                    row.add(report.error().isEmpty() ? report.state() : report.error());
                    row.add(report.livePoints());
                    row.add(report.linkedPoints());
                    row.add(report.tailPoints());
                    row.add(report.walBytes());
                }
                shards.row(row);
            }
        }
        printTable(shards);
    }

    private static Map<String, Object> document(
            ClusterImage image,
            Map<String, String> nodeStates,
            Map<String, Map<Integer, ShardReport>> reports) {
        List<Object> nodes = new ArrayList<>();
        for (NodeInfo node : image.nodes().values()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("name", node.name());
            fields.put("host", node.host());
            fields.put("flightPort", node.flightPort());
            fields.put("httpPort", node.httpPort());
            fields.put("state", nodeStates.get(node.name()));
            nodes.add(fields);
        }
        List<Object> collections = new ArrayList<>();
        for (ClusterImage.Collection collection : image.collections().values()) {
            Map<Integer, ShardReport> answered = reports(collection, reports);
            List<Object> shards = new ArrayList<>();
            collection
                    .shards()
                    .forEach(shard ->
                            shards.add(shard(shard, answered.get(shard.shard().number()))));
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("name", collection.definition().name());
            fields.put(
                    "points", answered.values().stream().mapToLong(ShardReport::livePoints).sum());
            fields.put("complete", answered.size() == collection.shards().size());
            fields.put("shards", shards);
            collections.add(fields);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("imageIndex", image.index());
        document.put("nodes", nodes);
        document.put("collections", collections);
        return document;
    }

    private static Map<String, Object> shard(
            ShardAssignment assignment, @org.jspecify.annotations.Nullable ShardReport report) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("shard", assignment.shard().number());
        fields.put("primary", assignment.primary());
        fields.put("term", assignment.term());
        fields.put("answered", report != null);
        if (report != null) {
            fields.put("state", report.state());
            fields.put("points", report.livePoints());
            fields.put("linkedPoints", report.linkedPoints());
            fields.put("tailPoints", report.tailPoints());
            fields.put("tombstones", report.tombstones());
            fields.put("durableSequenceNumber", report.durableSequenceNumber());
            fields.put("appliedSequenceNumber", report.appliedSequenceNumber());
            fields.put("staleRows", report.staleRows());
            fields.put("duplicateRows", report.duplicateRows());
            fields.put("logBytes", report.walBytes());
            fields.put("error", report.error());
        }
        return fields;
    }
}
