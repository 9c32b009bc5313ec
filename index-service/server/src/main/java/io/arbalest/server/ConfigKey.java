package io.arbalest.server;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Every key of a node's configuration: its name in the file, its default and what it means. The
 * name in the environment is {@code ARBALEST_} and the key in capitals with {@code .} and {@code -}
 * replaced by {@code _}.
 *
 * <p>Immutable.
 */
enum ConfigKey {
    NODE_NAME("node.name", "node-0", "unique in the cluster; one of cluster.members"),
    NODE_HOST(
            "node.host", "127.0.0.1", "address to listen on, and by which others reach this node"),
    NODE_DATA_DIR(
            "node.data-dir", "data", "directory for logs, metadata and indexes; one per node"),
    FLIGHT_PORT("flight.port", "7400", "Arrow Flight: writes, searches, actions; 0: any free port"),
    HTTP_PORT("http.port", "7401", "/livez /readyz /healthz /metrics; 0: any free port"),
    RATIS_PORT(
            "ratis.port",
            "7402",
            "the metadata group; must equal this node's ratis-port in cluster.members"),
    CLUSTER_MEMBERS(
            "cluster.members",
            "",
            "the metadata group, the same list on every node: name, host, ratis-port; empty: this"
                    + " node alone"),
    WAL_IO(
            "wal.io",
            "auto",
            "how the log is written: io_uring, filechannel, or auto (io_uring where it works)"),
    WAL_FILE_BYTES("wal.file-bytes", "16777216", "size of one log file"),
    ENGINE_UNLINKED_TAIL_ROWS(
            "engine.unlinked-tail-rows",
            "2048",
            "rows a shard may hold that its graph has not linked yet; then writers wait"),
    ENGINE_GROWING_SEGMENT_ROWS(
            "engine.growing-segment-rows",
            "65536",
            "rows of one growing segment; then it is sealed to files"),
    ENGINE_INDEXER_THREADS(
            "engine.indexer-threads",
            "0",
            "threads that link rows into graphs; 0: half of the processors, at least 1"),
    ENGINE_SEGMENT_MEMORY(
            "engine.segment-memory",
            "advised",
            "sealed files: advised (vectors may exceed memory), locked (the rest by mlock),"
                    + " mapped"),
    ENGINE_SCRUB_INTERVAL(
            "engine.scrub-interval",
            "86400",
            "seconds within which each sealed file is compared with its checksums once"),
    ENGINE_DISK_RESERVE_BYTES(
            "engine.disk-reserve-bytes",
            "268435456",
            "kept free on the data directory's disk; with less no writes are taken until there is"
                    + " an eighth more; 0: nothing"),
    TOMBSTONE_RETENTION(
            "tombstone.retention",
            "604800",
            "seconds for which a delete is remembered; then older writes of its key are refused");

    private static final String ENVIRONMENT_PREFIX = "ARBALEST_";

    private final String path;
    private final String defaultText;
    private final String description;

    ConfigKey(String path, String defaultText, String description) {
        this.path = path;
        this.defaultText = defaultText;
        this.description = description;
    }

    /** Section and key as in the file, for example {@code node.data-dir}. */
    String path() {
        return path;
    }

    String defaultText() {
        return defaultText;
    }

    String description() {
        return description;
    }

    /** Section in the file, for example {@code node}. */
    String section() {
        return path.substring(0, path.indexOf('.'));
    }

    /**
     * Name of the environment variable that overrides the file, for example {@code
     * ARBALEST_NODE_DATA_DIR}.
     */
    String environmentName() {
        return ENVIRONMENT_PREFIX
                + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    static Optional<ConfigKey> ofPath(String path) {
        return Arrays.stream(values()).filter(key -> key.path.equals(path)).findFirst();
    }

    static Optional<ConfigKey> ofEnvironmentName(String name) {
        return Arrays.stream(values())
                .filter(key -> key.environmentName().equals(name))
                .findFirst();
    }

    /**
     * Whether a variable is meant for this configuration: it starts with the name of a section.
     * Others with the same prefix belong to the launcher or the command line.
     */
    static boolean claimsEnvironmentName(String name) {
        return Arrays.stream(values())
                .anyMatch(key ->
                        name.startsWith(
                                ENVIRONMENT_PREFIX + key.section().toUpperCase(Locale.ROOT) + "_"));
    }
}
