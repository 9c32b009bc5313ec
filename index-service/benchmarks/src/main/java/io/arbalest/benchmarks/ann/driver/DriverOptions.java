package io.arbalest.benchmarks.ann.driver;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Metric;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What a driver is told on its command line.
 *
 * @param system the name of the system
 * @param base unpacked fvecs file of the points
 * @param query unpacked fvecs file of the queries
 * @param metric how vectors are compared
 * @param m links per point on the upper levels, twice as many on level 0
 * @param efConstruction candidates kept while a point is linked
 * @param threads that build, and that search
 * @param k results of a search
 * @param index where the index is kept; empty to keep none
 * @param reuse whether to open the index that is kept instead of building one
 */
record DriverOptions(
        String system,
        Path base,
        Path query,
        Metric metric,
        int m,
        int efConstruction,
        int threads,
        int k,
        String index,
        boolean reuse) {
    /** From {@code name=value} arguments. */
    static DriverOptions parse(String... arguments) {
        Map<String, String> values = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 0) {
                throw malformed(argument);
            }
            values.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return new DriverOptions(
                text(values, "system"),
                Path.of(text(values, "base")),
                Path.of(text(values, "query")),
                Metric.ofLabel(text(values, "metric")),
                Integer.parseInt(text(values, "m")),
                Integer.parseInt(text(values, "ef-construction")),
                Integer.parseInt(text(values, "threads")),
                Integer.parseInt(text(values, "k")),
                text(values, "index"),
                Boolean.parseBoolean(text(values, "reuse")));
    }

    /** A file of the kept index. */
    Path file(String name) {
        return Path.of(index).resolve(name);
    }

    private static String text(Map<String, String> values, String name) {
        String value = values.get(name);
        if (value == null) {
            throw malformed("no " + name);
        }
        return value;
    }

    private static ArbalestException malformed(String got) {
        return new ArbalestException(
                ErrorCode.MALFORMED_REQUEST,
                "driver: got " + got + ", expected name=value arguments",
                "drivers are started by arbalest bench ann");
    }
}
