package io.arbalest.benchmarks.wal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.arbalest.io.Disk;
import io.arbalest.io.FileChannelDisk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * fio with the same block, O_DIRECT and O_DSYNC, over a file that was written before. Its engine is
 * psync with one thread a submitter, or io_uring with one thread and one request under way a
 * submitter.
 *
 * <p>Confined to the calling thread.
 */
final class FioMeasurement {
    private static final long FILE_BYTES = 256L << 20;
    private static final String WARM_UP = "0.7s";

    private FioMeasurement() {}

    /** What is run, as a person would type it; the figures of the row come from its JSON. */
    static List<String> command(String engine, Path file, WalCase what) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "fio",
                                "--name=wal",
                                "--filename=" + file,
                                "--size=" + FILE_BYTES,
                                "--rw=write",
                                "--bs=" + what.blockBytes(),
                                "--direct=1",
                                "--sync=dsync",
                                "--overwrite=1",
                                "--time_based",
                                "--ramp_time=" + WARM_UP,
                                "--runtime=" + what.seconds() + "s",
                                "--group_reporting",
                                "--output-format=json",
                                "--ioengine=" + engine));
        if (engine.equals("psync")) {
            long share = (FILE_BYTES / what.threads()) & -what.blockBytes();
            command.add("--thread");
            command.add("--numjobs=" + what.threads());
            command.add("--offset_increment=" + share);
            command.set(3, "--size=" + share);
        } else {
            command.add("--iodepth=" + what.threads());
        }
        return command;
    }

    static WalRow run(String engine, Path directory, WalCase what)
            throws IOException, InterruptedException {
        Disk disk = new FileChannelDisk();
        Path file = directory.resolve("fio");
        disk.create(file, FILE_BYTES).close();
        try {
            Process process =
                    new ProcessBuilder(command(engine, file, what))
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            byte[] output = process.getInputStream().readAllBytes();
            int exitCode = process.waitFor();
            if (exitCode != 0) {
                throw new IOException(
                        "fio failed with exit code " + exitCode + ": " + new String(output, UTF_8));
            }
            return row("fio-" + engine, new ObjectMapper().readTree(output), what);
        } finally {
            disk.delete(file);
        }
    }

    private static WalRow row(String name, JsonNode report, WalCase what) {
        JsonNode job = report.path("jobs").path(0);
        JsonNode write = job.path("write");
        double bytes = write.path("io_bytes").asDouble();
        double seconds = write.path("runtime").asDouble() / 1e3;
        double rate = bytes / seconds;
        JsonNode latency = write.path("clat_ns").path("percentile");
        double processor =
                (job.path("usr_cpu").asDouble() + job.path("sys_cpu").asDouble()) / 100 * 1e9;
        int processes = name.endsWith("psync") ? what.threads() : 1;
        return new WalRow(
                name,
                what,
                rate / 1e6,
                rate / what.blockBytes(),
                rate / what.blockBytes(),
                latency.path("50.000000").asDouble() / 1e3,
                latency.path("99.000000").asDouble() / 1e3,
                processor * processes / rate);
    }
}
