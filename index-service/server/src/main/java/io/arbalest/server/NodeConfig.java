package io.arbalest.server;

import io.arbalest.engine.SegmentMemory;
import io.arbalest.io.uring.DiskSelection;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A node's configuration, checked.
 *
 * @param members the metadata group, this node included
 *     <p>Immutable.
 */
record NodeConfig(Node node, Ports ports, List<Member> members, Wal wal, Engine engine) {
    /** Who this node is and where it keeps its files. */
    record Node(String name, String host, Path dataDirectory) {}

    /** Where it listens; 0: any free port. */
    record Ports(int flight, int http, int ratis) {}

    /** One node of the metadata group. */
    record Member(String name, String host, int ratisPort) {
        @Override
        public String toString() {
            return name + "@" + host + ":" + ratisPort;
        }
    }

    /** How the log is written. */
    record Wal(DiskSelection.Backend io, int fileBytes) {}

    /** Limits of the engine. */
    record Engine(
            int unlinkedTailRows,
            int growingSegmentRows,
            int indexerThreads,
            Duration tombstoneRetention,
            SegmentMemory segmentMemory,
            Duration scrubInterval,
            long diskReserveBytes) {}

    private static final int MAX_PORT = 65_535;
    private static final int MAX_MEMBERS = 7;
    private static final int MIN_WAL_FILE_BYTES = 1 << 20;
    private static final int MAX_WAL_FILE_BYTES = 1 << 30;
    private static final int MAX_TAIL_ROWS = 1 << 20;
    private static final int MAX_SEGMENT_ROWS = 1 << 24;
    private static final int MAX_SECONDS = 10 * 365 * 86_400;
    private static final int MAX_INDEXER_THREADS = 256;
    private static final long MAX_DISK_RESERVE_BYTES = 1L << 42;

    NodeConfig {
        members = List.copyOf(members);
    }

    /** Checks every value; refused with INVALID_CONFIGURATION. */
    static NodeConfig of(Settings settings) {
        Node node =
                new Node(
                        settings.text(ConfigKey.NODE_NAME).strip(),
                        settings.text(ConfigKey.NODE_HOST).strip(),
                        Path.of(settings.text(ConfigKey.NODE_DATA_DIR))
                                .toAbsolutePath()
                                .normalize());
        Ports ports =
                new Ports(
                        (int) settings.number(ConfigKey.FLIGHT_PORT, 0, MAX_PORT),
                        (int) settings.number(ConfigKey.HTTP_PORT, 0, MAX_PORT),
                        (int) settings.number(ConfigKey.RATIS_PORT, 1, MAX_PORT));
        List<Member> members = members(settings, node, ports);
        Wal wal =
                new Wal(
                        walIo(settings),
                        (int)
                                settings.number(
                                        ConfigKey.WAL_FILE_BYTES,
                                        MIN_WAL_FILE_BYTES,
                                        MAX_WAL_FILE_BYTES));
        if (wal.fileBytes() % MIN_WAL_FILE_BYTES != 0) {
            throw settings.invalid(
                    ConfigKey.WAL_FILE_BYTES,
                    "is " + wal.fileBytes(),
                    "use a multiple of " + MIN_WAL_FILE_BYTES);
        }
        int threads =
                (int) settings.number(ConfigKey.ENGINE_INDEXER_THREADS, 0, MAX_INDEXER_THREADS);
        Engine engine =
                new Engine(
                        (int)
                                settings.number(
                                        ConfigKey.ENGINE_UNLINKED_TAIL_ROWS, 1, MAX_TAIL_ROWS),
                        (int)
                                settings.number(
                                        ConfigKey.ENGINE_GROWING_SEGMENT_ROWS, 1, MAX_SEGMENT_ROWS),
                        threads > 0
                                ? threads
                                : Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
                        Duration.ofSeconds(
                                settings.number(ConfigKey.TOMBSTONE_RETENTION, 1, MAX_SECONDS)),
                        segmentMemory(settings),
                        Duration.ofSeconds(
                                settings.number(ConfigKey.ENGINE_SCRUB_INTERVAL, 1, MAX_SECONDS)),
                        settings.number(
                                ConfigKey.ENGINE_DISK_RESERVE_BYTES, 0, MAX_DISK_RESERVE_BYTES));
        return new NodeConfig(node, ports, members, wal, engine);
    }

    private static DiskSelection.Backend walIo(Settings settings) {
        String word = settings.text(ConfigKey.WAL_IO).strip();
        return DiskSelection.Backend.of(word)
                .orElseThrow(() ->
                        settings.invalid(
                                ConfigKey.WAL_IO,
                                "is '" + word + "'",
                                "use auto, io_uring or filechannel"));
    }

    private static SegmentMemory segmentMemory(Settings settings) {
        String word = settings.text(ConfigKey.ENGINE_SEGMENT_MEMORY).strip();
        for (SegmentMemory memory : SegmentMemory.values()) {
            if (memory.word().equals(word)) {
                return memory;
            }
        }
        throw settings.invalid(
                ConfigKey.ENGINE_SEGMENT_MEMORY,
                "is '" + word + "'",
                "use advised, locked or mapped");
    }

    private static List<Member> members(Settings settings, Node node, Ports ports) {
        String text = settings.of(ConfigKey.CLUSTER_MEMBERS).text().strip();
        if (text.isEmpty()) {
            return List.of(new Member(node.name(), node.host(), ports.ratis()));
        }
        List<Member> members = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (String part : text.split(",", -1)) {
            Member member = member(settings, part.strip());
            members.add(member);
            if (!names.add(member.name())) {
                throw settings.invalid(
                        ConfigKey.CLUSTER_MEMBERS,
                        "names '" + member.name() + "' twice",
                        "give every member its own name");
            }
        }
        if (members.size() > MAX_MEMBERS) {
            throw settings.invalid(
                    ConfigKey.CLUSTER_MEMBERS,
                    "has " + members.size() + " members",
                    "use at most " + MAX_MEMBERS);
        }
        Member self =
                members.stream()
                        .filter(member -> member.name().equals(node.name()))
                        .findFirst()
                        .orElseThrow(() ->
                                settings.invalid(
                                        ConfigKey.NODE_NAME,
                                        "is '"
                                                + node.name()
                                                + "', which is not one of cluster.members "
                                                + names,
                                        "use a name of that list"));
        boolean portGiven = !settings.of(ConfigKey.RATIS_PORT).origin().equals("default");
        if (portGiven && self.ratisPort() != ports.ratis()) {
            throw settings.invalid(
                    ConfigKey.RATIS_PORT,
                    "is " + ports.ratis() + " but cluster.members says " + self,
                    "make both the same, or leave ratis.port out");
        }
        return members;
    }

    private static Member member(Settings settings, String text) {
        int at = text.indexOf('@');
        int colon = text.lastIndexOf(':');
        if (at > 0 && colon > at + 1) {
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (port > 0 && port <= MAX_PORT) {
                    return new Member(text.substring(0, at), text.substring(at + 1, colon), port);
                }
            } catch (NumberFormatException e) {
                // falls through to the error that shows the whole entry
            }
        }
        throw settings.invalid(
                ConfigKey.CLUSTER_MEMBERS,
                "has the entry '" + text + "'",
                "write a list of {name, host, ratis-port}, or name@host:port,name@host:port in the"
                        + " environment");
    }

    /** This node's entry of {@link #members()}. */
    Member self() {
        return members.stream()
                .filter(member -> member.name().equals(node.name()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("not a member: " + node.name()));
    }
}
