package io.arbalest.benchmarks.ann;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * Indexes that earlier runs built, so that a long measurement can be cut into short ones. An index
 * is used again only by the same code on the same data with the same parameters; what its building
 * cost is kept with it.
 *
 * <p>Confined to one thread.
 *
 * @param directory one directory an index below it
 */
record KeptIndexes(Path directory) {
    private static final String COSTS = "costs.properties";

    /** Where the index is, or would be; exists when this returns. */
    Path place(AnnPlan plan, String system, List<String> command) throws IOException {
        CRC32 crc = new CRC32();
        String inputs =
                plan.arguments(system, "", false)
                        + "|"
                        + Files.size(plan.base())
                        + "|"
                        + Files.getLastModifiedTime(plan.base())
                        + "|"
                        + code(system, command);
        crc.update(inputs.getBytes(StandardCharsets.UTF_8));
        return Files.createDirectories(
                directory.resolve(
                        String.format(
                                Locale.ROOT,
                                "%s-%s-%08x",
                                plan.dataset(),
                                system,
                                crc.getValue())));
    }

    /** What building the index cost, or null if it is not there. */
    static DriverProcess.@Nullable Ready costs(Path place) throws IOException {
        Path file = place.resolve(COSTS);
        if (!Files.exists(file)) {
            return null;
        }
        Properties costs = new Properties();
        try (Reader in = Files.newBufferedReader(file)) {
            costs.load(in);
        }
        return new DriverProcess.Ready(
                Long.parseLong(costs.getProperty("cpu_ns", "0")),
                Long.parseLong(costs.getProperty("wall_ns", "0")),
                Long.parseLong(costs.getProperty("bytes", "0")));
    }

    /** Marks the index as complete. */
    static void complete(Path place, DriverProcess.Ready ready) throws IOException {
        Properties costs = new Properties();
        costs.setProperty("cpu_ns", Long.toString(ready.cpuNanos()));
        costs.setProperty("wall_ns", Long.toString(ready.wallNanos()));
        costs.setProperty("bytes", Long.toString(ready.bytes()));
        try (Writer out = Files.newBufferedWriter(place.resolve(COSTS))) {
            costs.store(out, null);
        }
    }

    /** Removes what a build that failed may have left. */
    static void clear(Path place) throws IOException {
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                if (!file.equals(place)) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Stands for the code of a system: its program, or the jars of its class path. */
    private static String code(String system, List<String> command) throws IOException {
        if (!command.contains("-cp")) {
            return command.getFirst();
        }
        StringBuilder code = new StringBuilder();
        String classPath = System.getProperty("java.class.path");
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            Path file = Path.of(entry);
            String name = String.valueOf(file.getFileName());
            if (Systems.isArbalest(system)
                    && name.startsWith("arbalest-")
                    && !name.startsWith("arbalest-benchmarks")) {
                code.append(name).append(Files.getLastModifiedTime(file));
            } else if (name.startsWith(system)) {
                code.append(name);
            }
        }
        return code.toString();
    }
}
