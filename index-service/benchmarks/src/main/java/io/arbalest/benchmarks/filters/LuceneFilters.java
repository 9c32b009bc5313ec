package io.arbalest.benchmarks.filters;

import io.arbalest.benchmarks.ann.driver.LuceneVectors;
import io.arbalest.benchmarks.filters.FilterQuestions.Question;
import io.arbalest.model.HnswParams;
import io.arbalest.model.Metric;

import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.LongPoint;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Lucene's search of vectors with a filter: one merged segment of float32 vectors, asked by {@link
 * KnnFloatVectorQuery}, which walks the graph among accepted documents (ACORN) or scores them all,
 * whichever it takes for cheaper.
 *
 * <p>As its users have it: filters are ranges of points, and the searcher keeps their answers as it
 * does by default; the number of a row is a doc value.
 *
 * <p>Confined to one thread.
 */
final class LuceneFilters implements AutoCloseable {
    private static final String FIELD = "v";
    private static final String ROW = "row";
    private static final double RAM_BUFFER_MB = 1900; // all of it in one flush where it fits

    private final FilterQuestions questions;
    private final Directory directory;
    private final DirectoryReader reader;
    private final IndexSearcher searcher;
    private final LeafReader leaf;

    /** Builds the index. */
    LuceneFilters(FilterQuestions questions, Metric metric, HnswParams hnsw, Path path)
            throws IOException {
        this.questions = questions;
        this.directory = new MMapDirectory(path);
        IndexWriterConfig config = new IndexWriterConfig();
        config.setCodec(LuceneVectors.codec(hnsw.m(), hnsw.efConstruction()));
        config.setUseCompoundFile(false);
        config.setRAMBufferSizeMB(RAM_BUFFER_MB);
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (int row = 0; row < questions.rows(); row++) {
                Document document = new Document();
                document.add(
                        new KnnFloatVectorField(
                                FIELD, questions.row(row), LuceneVectors.similarity(metric)));
                document.add(new NumericDocValuesField(ROW, row));
                for (int column = 0; column < FilterQuestions.COLUMNS; column++) {
                    document.add(
                            new LongPoint(
                                    FilterQuestions.name(column), questions.number(column, row)));
                }
                writer.addDocument(document);
            }
            writer.forceMerge(1);
            writer.commit();
        }
        this.reader = DirectoryReader.open(directory);
        this.searcher = new IndexSearcher(reader);
        this.leaf = reader.leaves().getFirst().reader();
    }

    /** Searches that keep {@code ef} candidates. */
    FilterWay way(int ef) {
        return new FilterWay() {
            @Override
            public String label() {
                return "lucene";
            }

            @Override
            public int ef() {
                return ef;
            }

            @Override
            public Answer answer(Question question) throws IOException {
                float[] vector = questions.query(question.query());
                ScoreDoc[] best =
                        searcher.search(
                                        new KnnFloatVectorQuery(
                                                FIELD, vector, ef, filter(question)),
                                        FilterQuestions.K)
                                .scoreDocs;
                return new Answer(rows(best), 0, List.of());
            }
        };
    }

    private static @Nullable Query filter(Question question) {
        return question.filter() == null
                ? null
                : LongPoint.newRangeQuery(
                        FilterQuestions.name(question.column()), 0, question.bound() - 1L);
    }

    /** The documents' numbers; doc values are read in ascending order. */
    private int[] rows(ScoreDoc[] best) throws IOException {
        NumericDocValues numbers = leaf.getNumericDocValues(ROW);
        ScoreDoc[] sorted = best.clone();
        Arrays.sort(sorted, Comparator.comparingInt(found -> found.doc));
        int[] rows = new int[best.length];
        for (int i = 0; i < rows.length; i++) {
            if (!numbers.advanceExact(sorted[i].doc)) {
                throw new IOException("document " + sorted[i].doc + " has no number");
            }
            rows[i] = (int) numbers.longValue();
        }
        return rows;
    }

    @Override
    public void close() throws IOException {
        reader.close();
        directory.close();
    }
}
