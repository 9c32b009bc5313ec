package io.arbalest.benchmarks.disk;

import io.arbalest.benchmarks.data.DataSetOptions;
import io.arbalest.benchmarks.data.GraphOptions;
import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.benchmarks.data.TruthOption;
import io.arbalest.benchmarks.data.UnpackedFiles;
import io.arbalest.benchmarks.data.VectorFile;
import io.arbalest.benchmarks.report.BenchConsole;
import io.arbalest.benchmarks.report.FormatOptions;
import io.arbalest.benchmarks.report.ResultWriter;
import io.arbalest.engine.SegmentMemory;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.Metric;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code bench disk}: searches with memory for a quarter of the vectors. */
@Command(
        name = "disk",
        description = {
            "Searches a sealed graph that is in memory, then with a limit on memory: what the"
                    + " process has,",
            "the file without its vectors, and a quarter of the vectors. Needs root, for the"
                    + " control group."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  arbalest bench disk --base sets/syn300k768/base.fvecs --query"
                    + " sets/syn300k768/query.fvecs \\",
            "      --truth sets/syn300k768/truth.ivecs --metric ip --file /data/syn300k768.sections"
        })
public final class DiskCommand implements Callable<Integer> {
    private static final int MOST_QUERIES = 1_000_000;
    private static final int K = 10;

    private final BenchConsole console;

    @Mixin FormatOptions format = new FormatOptions();

    @Mixin GraphOptions graph = new GraphOptions();

    @Mixin DataSetOptions data = new DataSetOptions();

    @Mixin TruthOption truth = new TruthOption();

    @Option(
            names = "--file",
            required = true,
            paramLabel = "FILE",
            description = "of the graph, on the device to be measured; built if it is not there")
    Path file = Path.of("");

    @Option(
            names = "--codes",
            paramLabel = "KIND",
            description =
                    "that the file holds beside its vectors: bytes, nibbles, none or auto; default:"
                            + " ${DEFAULT-VALUE}")
    String codes = IndexCodes.Kind.BYTES.label();

    @Option(
            names = "--ef",
            split = ",",
            paramLabel = "N",
            description = "candidates of a search; default: 100")
    List<Integer> efs = List.of(100);

    @Option(
            names = "--segment-memory",
            split = ",",
            paramLabel = "WORD",
            description = "of advised, locked, mapped; default: advised")
    List<SegmentMemory> advices = List.of(SegmentMemory.ADVISED);

    @Option(
            names = "--passes",
            paramLabel = "N",
            description = "over the queries, after one to warm up; default: ${DEFAULT-VALUE}")
    int passes = 3;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "that build; default: ${DEFAULT-VALUE}")
    int threads = 1;

    /** Writes to the console. */
    public DiskCommand(BenchConsole console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        if (passes < 1 || threads < 1 || efs.stream().anyMatch(ef -> ef < 1)) {
            throw new ArbalestException(
                    ErrorCode.MALFORMED_REQUEST,
                    "passes " + passes + ", threads " + threads + ", ef " + efs,
                    "use positive numbers");
        }
        Metric how = data.metric();
        float[][] asked = VectorFile.floats(data.query(), MOST_QUERIES);
        int[][] nearest;
        Path copies = file.toAbsolutePath().resolveSibling("data");
        try (MappedVectors points =
                MappedVectors.open(new UnpackedFiles(copies).unpacked(data.base()))) {
            if (!Files.exists(file)) {
                console.say("building %s", file);
                HnswParams given = graph.hnsw(efs.getFirst());
                HnswParams params =
                        new HnswParams(
                                given.m(),
                                given.efConstruction(),
                                given.ef(),
                                new IndexCodes(
                                        IndexCodes.Kind.ofLabel(codes),
                                        IndexCodes.Layout.BALANCED));
                DiskBench.build(points, how, params, threads, file);
            }
            nearest = truth.nearest(points, asked, how, K, console);
        }
        ResultWriter out =
                format.writer(
                        console,
                        "segment_memory",
                        "memory",
                        "ef",
                        "recall10",
                        "qps",
                        "p50_us",
                        "p99_us",
                        "reads_per_query",
                        "read_kb_per_query",
                        "reranked_per_query",
                        "reads_per_reranked",
                        "limit_mb",
                        "cached_mb",
                        "file_mb",
                        "vectors_mb",
                        "open_s");
        try (MemoryGroup group = MemoryGroup.join()) {
            new DiskBench(
                            new DiskBench.Settings(asked, nearest, file, passes, efs, advices),
                            row -> write(out, row))
                    .run(group);
        }
        return 0;
    }

    private static void write(ResultWriter out, DiskBench.Row row) {
        DiskBench.Graph graph = row.graph();
        DiskBench.Memory memory = row.memory();
        out.row(
                graph.advice().word(),
                memory.limited() ? "limited" : "all",
                row.ef(),
                ResultWriter.rounded(row.recall(), 4),
                ResultWriter.rounded(row.qps(), 0),
                ResultWriter.rounded(row.p50(), 1),
                ResultWriter.rounded(row.p99(), 1),
                ResultWriter.rounded(row.reads(), 2),
                ResultWriter.rounded(row.readBytes() / 1024, 1),
                ResultWriter.rounded(row.reranked(), 1),
                ResultWriter.rounded(row.reads() / row.reranked(), 3),
                memory.limited() ? megabytes(memory.limitBytes()) : null,
                megabytes(memory.cachedBytes()),
                megabytes(graph.fileBytes()),
                megabytes(graph.vectorBytes()),
                ResultWriter.rounded(graph.openSeconds(), 3));
    }

    private static @Nullable BigDecimal megabytes(long bytes) {
        return ResultWriter.rounded(bytes / 1e6, 1);
    }
}
