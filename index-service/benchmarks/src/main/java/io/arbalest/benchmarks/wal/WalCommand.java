package io.arbalest.benchmarks.wal;

import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.io.FileChannelDisk;
import io.arbalest.io.uring.DiskSelection.Backend;
import io.arbalest.io.uring.UringRefusedException;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench wal}: how fast the log makes records durable. */
@Command(
        name = "wal",
        description =
                "How fast the log makes records durable: appenders, each of which appends its next"
                        + " record when the one before is durable.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench wal --dir /var/lib/arbalest",
            "  arbalest bench wal --dir /var/lib/arbalest --block 4k --threads 1,16 --peers fio",
            "How to compare with fio: index-service/benchmarks/README.md"
        })
public final class WalCommand implements Callable<Integer> {
    private static final int LEAST_BLOCK = 4096;
    private static final int MOST_BLOCK = 4 << 20;
    private static final int MOST_THREADS = 256;
    private static final int LEAST_FILE = 1 << 20;
    private static final int MOST_FILE = 128 << 20;
    private static final List<String> FIO_ENGINES = List.of("psync", "io_uring");

    private final BenchConsole console;

    @Option(
            names = "--dir",
            required = true,
            description =
                    "existing directory on the disk to measure; what is made in it is removed")
    Path directory = Path.of("");

    @Option(
            names = "--block",
            split = ",",
            defaultValue = "4k,64k,256k",
            description =
                    "bytes of a record in the file, header included; default ${DEFAULT-VALUE}")
    List<String> blocks = List.of();

    @Option(
            names = "--threads",
            split = ",",
            defaultValue = "1,16",
            description = "appenders; default ${DEFAULT-VALUE}")
    List<Integer> threads = List.of();

    @Option(
            names = "--backend",
            split = ",",
            defaultValue = "io_uring,filechannel",
            description = "io_uring, filechannel, auto; default ${DEFAULT-VALUE}")
    List<Backend> backends = List.of();

    @Option(
            names = "--seconds",
            defaultValue = "3",
            description = "of each measurement, after a warm-up of 0.7; default ${DEFAULT-VALUE}")
    int seconds;

    @Option(
            names = "--file-bytes",
            defaultValue = "16m",
            description = "size of one file of the log; default ${DEFAULT-VALUE}")
    String fileBytes = "";

    @Option(
            names = "--driver",
            defaultValue = "callback",
            description =
                    "callback: an appender is a chain of callbacks, as the streams of a server with"
                        + " few threads and the requests of one fio job are; thread: it is a thread"
                        + " that sleeps meanwhile; default ${DEFAULT-VALUE}")
    WalCase.Driver driver = WalCase.Driver.CALLBACK;

    @Option(
            names = "--rounds",
            defaultValue = "1",
            description = "systems alternate; the best of each counts; default ${DEFAULT-VALUE}")
    int rounds;

    @Option(
            names = "--peers",
            defaultValue = "none",
            description = "fio: with its engines psync and io_uring; default ${DEFAULT-VALUE}")
    String peers = "";

    @Mixin FormatOptions format = new FormatOptions();

    /** Writes to this console. */
    public WalCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        require(peers.equals("fio") || peers.equals("none"), "--peers takes fio or none");
        require(seconds >= 1 && seconds <= 3600, "--seconds takes 1..3600");
        require(rounds >= 1 && rounds <= 100, "--rounds takes 1..100");
        require(
                threads.stream().allMatch(count -> count >= 1 && count <= MOST_THREADS),
                "--threads takes 1.." + MOST_THREADS);
        long file = bytes("--file-bytes", fileBytes, LEAST_FILE, MOST_FILE);
        List<WalCase> cases = new ArrayList<>();
        for (String block : blocks) {
            int length = bytes("--block", block, LEAST_BLOCK, MOST_BLOCK);
            for (int count : threads) {
                cases.add(new WalCase(length, count, seconds, file, driver));
            }
        }
        Path work =
                directory.toAbsolutePath().resolve("bench-wal-" + ProcessHandle.current().pid());
        FileChannelDisk disk = new FileChannelDisk();
        disk.createDirectories(work);
        try {
            ResultWriter writer = format.writer(console, WalRow.COLUMNS);
            for (WalCase what : cases) {
                best(work, what).forEach(row -> writer.row(row.cells()));
            }
            return 0;
        } catch (UringRefusedException e) {
            throw new ArbalestException(
                    ErrorCode.IO_URING_REFUSED,
                    String.valueOf(e.getMessage()),
                    e.remedy() + ", or measure --backend filechannel",
                    e);
        } finally {
            disk.deleteTree(work);
        }
    }

    /** One row a system, its best of all rounds. */
    private List<WalRow> best(Path work, WalCase what) throws IOException, InterruptedException {
        List<WalRow> best = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            List<WalRow> rows = new ArrayList<>();
            for (Backend backend : backends) {
                rows.add(LogMeasurement.run(backend, work, what));
            }
            for (String engine : peers.equals("fio") ? FIO_ENGINES : List.<String>of()) {
                rows.add(FioMeasurement.run(engine, work, what));
            }
            for (int i = 0; i < rows.size(); i++) {
                WalRow row = rows.get(i);
                console.say(
                        "%s block %d threads %d: %.1f MB/s",
                        row.backend(), what.blockBytes(), what.threads(), row.megabytesPerSecond());
                if (round == 0) {
                    best.add(row);
                } else if (row.megabytesPerSecond() > best.get(i).megabytesPerSecond()) {
                    best.set(i, row);
                }
            }
        }
        return best;
    }

    /** A multiple of the block, with k or m behind it for KiB or MiB. */
    private static int bytes(String name, String text, int least, int most) {
        boolean kilo = text.matches("\\d{1,7}[kK]");
        boolean mega = text.matches("\\d{1,4}[mM]");
        require(kilo || mega || text.matches("\\d{1,9}"), name + " takes a number, got " + text);
        long digits = Long.parseLong(kilo || mega ? text.substring(0, text.length() - 1) : text);
        long value = digits * (mega ? 1 << 20 : (kilo ? 1 << 10 : 1));
        require(
                value >= least && value <= most && value % LEAST_BLOCK == 0,
                name + " takes multiples of 4096 from " + least + " to " + most + ", got " + text);
        return (int) value;
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST, rule, "see arbalest bench wal --help");
        }
    }
}
