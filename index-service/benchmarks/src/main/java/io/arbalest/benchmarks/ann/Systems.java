package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.BenchErrors;
import io.arbalest.benchmarks.ann.driver.DriverMain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The systems that can be measured, by name, and how the process of each is started.
 *
 * <p>Thread-safe: no state.
 */
final class Systems {
    /** Peers by the names that {@code --peers} takes. */
    static final List<String> PEERS = List.of("hnswlib", "lucene", "jvector", "faiss");

    /** Variants of Arbalest that are measured unless others are asked for. */
    static final List<String> ARBALEST = List.of("arbalest", "arbalest-growing");

    /** All variants of Arbalest. */
    static final List<String> VARIANTS =
            List.of(
                    "arbalest",
                    "arbalest-fp16",
                    "arbalest-balanced",
                    "arbalest-bytes",
                    "arbalest-nibbles",
                    "arbalest-fast",
                    "arbalest-growing");

    private static final String NODE_FLAGS = "index-service/server/src/main/jvm/node.jvmflags";

    private Systems() {}

    /** Refuses a name that is not among those known. */
    static void check(String option, List<String> names, List<String> known) {
        for (String name : names) {
            if (!known.contains(name)) {
                throw BenchErrors.badOption(option, name, "any of " + String.join(",", known));
            }
        }
    }

    /** Whether the system is Arbalest itself. */
    static boolean isArbalest(String system) {
        return system.equals("arbalest") || system.startsWith("arbalest-");
    }

    /** Whether the system's index can be kept for a later run. */
    static boolean canKeep(String system) {
        return !system.equals("arbalest-growing");
    }

    /**
     * The command that starts the system's process, without the driver's arguments.
     *
     * @param programs where compiled programs are kept
     * @throws io.arbalest.model.ArbalestException if something that the system needs is not
     *     installed
     */
    static List<String> command(String system, Path root, Path programs, Path log)
            throws IOException {
        if (system.equals(NativeDriver.HNSWLIB.system())) {
            return List.of(NativeDriver.HNSWLIB.program(programs).toString());
        }
        if (system.equals(NativeDriver.FAISS.system())) {
            return List.of(NativeDriver.FAISS.program(programs).toString());
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        Path flags = root.resolve(NODE_FLAGS);
        if (Files.exists(flags)) {
            command.add("@" + flags);
        } else { // run from class files, as tests do
            command.addAll(
                    List.of(
                            "--add-modules=jdk.incubator.vector",
                            "--enable-native-access=ALL-UNNAMED"));
        }
        command.add("-Xmx" + heapMb() + "m");
        command.add("-XX:ErrorFile=" + log + ".crash");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(DriverMain.class.getName());
        return command;
    }

    /** Twice what this process may use: some peers keep all vectors on the heap. */
    private static long heapMb() {
        return 2 * (Runtime.getRuntime().maxMemory() >> 20);
    }
}
