package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;

import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Lucene's HNSW over float32 vectors: one merged segment, searched through the codec's reader, so
 * that no query parsing, collector merging or scoring beyond the graph is counted against it.
 *
 * <p>As {@link Driver}.
 */
final class LuceneDriver implements Driver {
    private static final String FIELD = "v";
    private static final String ROW = "row";
    private static final double RAM_BUFFER_MB = 1900; // all of it in one flush where it fits

    private final DriverOptions options;
    private final MappedVectors base;
    private final Path path;
    private @Nullable DirectoryReader reader;
    private int[] docToRow = {};

    LuceneDriver(DriverOptions options, MappedVectors base) {
        this.options = options;
        this.base = base;
        try {
            path =
                    options.index().isEmpty()
                            ? Files.createTempDirectory("arbalest-bench-lucene")
                            : options.file("lucene");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void build() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(options.threads());
                Directory directory = new MMapDirectory(path);
                IndexWriter writer = new IndexWriter(directory, config(pool))) {
            AtomicInteger next = new AtomicInteger();
            List<Future<Integer>> workers = new ArrayList<>();
            for (int thread = 0; thread < options.threads(); thread++) {
                workers.add(pool.submit(() -> add(writer, next)));
            }
            for (Future<Integer> worker : workers) {
                worker.get();
            }
            writer.forceMerge(1);
            writer.commit();
        }
        open();
    }

    @Override
    public boolean canKeep() {
        return true;
    }

    @Override
    public void keep() {} // it was built where it is kept

    @Override
    public void open() throws IOException {
        reader = DirectoryReader.open(new MMapDirectory(path));
        if (reader.leaves().size() != 1) {
            throw new IOException(reader.leaves().size() + " segments, expected one");
        }
        docToRow = new int[reader.maxDoc()];
        for (int doc = 0; doc < docToRow.length; doc++) {
            Number row =
                    Objects.requireNonNull(
                                    reader.storedFields().document(doc).getField(ROW), "no row")
                            .numericValue();
            docToRow[doc] = row.intValue();
        }
    }

    @Override
    public long bytes() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            long bytes = 0;
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                bytes += name.contains(".ve") ? Files.size(file) : 0;
            }
            return bytes;
        }
    }

    @Override
    public Searcher newSearcher() {
        LeafReader leaf = reader().leaves().get(0).reader();
        AcceptDocs all = AcceptDocs.fromLiveDocs(null, leaf.maxDoc());
        return (query, ef, found) -> {
            TopKnnCollector collector =
                    new TopKnnCollector(Math.max(ef, options.k()), Integer.MAX_VALUE);
            leaf.searchNearestVectors(FIELD, query, collector, all);
            ScoreDoc[] best = collector.topDocs().scoreDocs;
            for (int i = 0; i < Math.min(best.length, found.length); i++) {
                found[i] = docToRow[best[i].doc];
            }
        };
    }

    @Override
    public void close() throws IOException {
        if (reader != null) {
            reader.close();
            reader.directory().close();
        }
        if (options.index().isEmpty()) {
            try (Stream<Path> files = Files.walk(path)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private int add(IndexWriter writer, AtomicInteger next) throws IOException {
        int row = next.getAndIncrement();
        for (; row < base.rows(); row = next.getAndIncrement()) {
            float[] vector = new float[base.dimension()];
            base.read(row, vector);
            Document document = new Document();
            document.add(
                    new KnnFloatVectorField(
                            FIELD, vector, LuceneVectors.similarity(options.metric())));
            document.add(new StoredField(ROW, row));
            writer.addDocument(document);
        }
        return row;
    }

    private IndexWriterConfig config(ExecutorService pool) {
        KnnVectorsFormat vectors =
                options.threads() == 1
                        ? new Lucene99HnswVectorsFormat(options.m(), options.efConstruction())
                        : new Lucene99HnswVectorsFormat(
                                options.m(), options.efConstruction(), options.threads(), pool);
        IndexWriterConfig config = new IndexWriterConfig();
        config.setCodec(LuceneVectors.codec(vectors));
        config.setUseCompoundFile(false);
        config.setRAMBufferSizeMB(RAM_BUFFER_MB);
        return config;
    }

    private DirectoryReader reader() {
        return Objects.requireNonNull(reader, "not built");
    }
}
