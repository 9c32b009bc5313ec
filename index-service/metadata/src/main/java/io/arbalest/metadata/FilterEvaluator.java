package io.arbalest.metadata;

import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.Filter;
import io.arbalest.simd.BitWords;

import org.jspecify.annotations.Nullable;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * Answers filters over segments, and keeps the answers. A kept answer is never thrown away for a
 * write: the rows that came or changed since are looked at one by one, so it is always as new as
 * the store and never stale. Only when they are many is the filter evaluated anew from the
 * postings.
 *
 * <p>At most {@value #MAX_BYTES} bytes of answers a shard, or those to one filter if they are
 * larger; the filters asked longest ago go first, with their answers over all segments.
 *
 * <p>Thread-safe.
 */
final class FilterEvaluator {
    /** Two thousand answers over segments of 65,536 rows. */
    static final long MAX_BYTES = 16L << 20;

    /** Rows since a kept answer, above which it is cheaper to read the postings again. */
    static final int MAX_CATCH_UP = 512;

    private static final int ENTRY_BYTES = 512;
    private static final int ATTEMPTS = 3;

    /**
     * A kept answer.
     *
     * @param rows rows of the segment that it covers
     * @param updates position in the segment's update log that it covers
     */
    private record Answer(MatchingRows matching, int rows, long updates) {
        long bytes() {
            return 8L * matching.words().length + ENTRY_BYTES;
        }
    }

    /** A filter with the answers that are kept. */
    static final class Asked {
        private final Filter filter;
        private final Map<Integer, Answer> bySegment = new ConcurrentHashMap<>();
        private long bytes = ENTRY_BYTES; // guarded by the evaluator's answers, as are all writes

        private Asked(Filter filter) {
            this.filter = filter;
        }
    }

    private final PostingReader postings;
    private final StoredRows stored;
    private final NumericColumns columns;
    private volatile FilterCompiler compiler;
    private final Map<Integer, UpdateLog> updates = new ConcurrentHashMap<>();
    private final LinkedHashMap<Filter, Asked> answers = new LinkedHashMap<>(64, 0.75f, true);
    private long answerBytes;

    FilterEvaluator(KeyValueStore store, CollectionDefinition definition, StoredRows stored) {
        this.postings = new PostingReader(store, stored);
        this.stored = stored;
        this.columns = new NumericColumns(postings, stored);
        this.compiler = new FilterCompiler(definition.fields());
    }

    /** Takes the collection's fields anew, after some were added and posted. */
    void fieldsAdded(CollectionDefinition definition) {
        compiler = new FilterCompiler(definition.fields());
    }

    /** The log of a segment's updates. */
    UpdateLog updates(int segment) {
        UpdateLog log = updates.get(segment);
        return log == null ? updates.computeIfAbsent(segment, _ -> new UpdateLog()) : log;
    }

    /** Drops what is kept about a segment that is gone. */
    void forget(int segment) {
        updates.remove(segment);
        columns.forget(segment);
        synchronized (answers) {
            for (Asked asked : answers.values()) {
                Answer gone = asked.bySegment.remove(segment);
                grow(asked, gone == null ? 0 : -gone.bytes());
            }
        }
    }

    /** What a filter asks for, checked against the fields. */
    Condition compile(Filter filter) {
        return compiler.compile(filter);
    }

    /** What is kept about a filter. */
    Asked asked(Filter filter) {
        synchronized (answers) {
            Asked kept = answers.get(filter);
            return kept == null ? new Asked(filter) : kept; // kept once it has an answer
        }
    }

    /**
     * The rows of a segment that pass.
     *
     * @param rows rows of the segment that are in the store now
     */
    MatchingRows matching(Asked asked, int segment, int rows) {
        UpdateLog log = updates(segment);
        long completed = log.completed();
        Answer kept = asked.bySegment.get(segment);
        if (kept != null && kept.rows >= rows && kept.updates >= completed) {
            return kept.matching;
        }
        Condition condition = compiler.compile(asked.filter);
        MatchingRows matching = kept == null ? null : catchUp(kept, condition, segment, rows, log);
        if (matching == null) {
            matching = evaluate(condition, segment, rows, log, completed);
        }
        keep(asked, segment, new Answer(matching, rows, completed));
        return matching;
    }

    private void keep(Asked asked, int segment, Answer answer) {
        synchronized (answers) {
            Asked kept = answers.get(asked.filter);
            if (kept == null) { // the first answer, or all were dropped since
                kept = asked;
                answers.put(asked.filter, asked);
                answerBytes += asked.bytes;
            }
            Answer before = kept.bySegment.put(segment, answer);
            grow(kept, answer.bytes() - (before == null ? 0 : before.bytes()));
            Iterator<Asked> eldest = answers.values().iterator();
            while (answerBytes > MAX_BYTES && answers.size() > 1) {
                answerBytes -= eldest.next().bytes;
                eldest.remove();
            }
        }
    }

    /** Bytes of all kept answers, roughly. */
    long keptBytes() {
        synchronized (answers) {
            return answerBytes;
        }
    }

    private void grow(Asked kept, long bytes) {
        kept.bytes += bytes;
        answerBytes += bytes;
    }

    /** A kept answer with the rows since looked at; null if they are too many. */
    private @Nullable MatchingRows catchUp(
            Answer kept, Condition condition, int segment, int rows, UpdateLog log) {
        int[] changed = log.since(kept.updates);
        if (changed == null || rows - kept.rows + changed.length > MAX_CATCH_UP) {
            return null;
        }
        long[] words = kept.matching.words();
        long[] target = java.util.Arrays.copyOf(words, Math.max(words.length, words(rows)));
        int[] behind = NumericColumns.behind(kept.rows, rows, changed);
        stored.test(condition, segment, behind, target);
        return new MatchingRows(target);
    }

    private static int words(int rows) {
        return BitWords.wordsFor(rows);
    }

    /**
     * From the postings; then the rows that changed meanwhile are looked at, because their postings
     * may have been read partly before and partly after the change.
     */
    private MatchingRows evaluate(
            Condition condition, int segment, int rows, UpdateLog log, long completed) {
        long from = completed;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long[] words = words(condition, segment, rows, log);
            int[] changed = log.since(from);
            if (changed != null) {
                int[] known = java.util.Arrays.stream(changed).filter(o -> o < rows).toArray();
                stored.test(condition, segment, known, words);
                return new MatchingRows(words);
            }
            from = log.completed();
        }
        long[] words = new long[words(rows)]; // updates come faster than postings can be read
        stored.test(condition, segment, IntStream.range(0, rows).toArray(), words);
        return new MatchingRows(words);
    }

    private long[] words(Condition condition, int segment, int rows, UpdateLog log) {
        return switch (condition) {
            case Condition.All all -> {
                long[] words = words(all.operands().getFirst(), segment, rows, log);
                for (Condition operand : all.operands().subList(1, all.operands().size())) {
                    BitWords.and(words, words(operand, segment, rows, log), words.length);
                }
                yield words;
            }
            case Condition.Any any -> {
                long[] words = words(any.operands().getFirst(), segment, rows, log);
                for (Condition operand : any.operands().subList(1, any.operands().size())) {
                    BitWords.or(words, words(operand, segment, rows, log), words.length);
                }
                yield words;
            }
            case Condition.Null isNull -> {
                long[] nulls = postings.nulls(isNull.field(), segment, rows);
                yield isNull.negated() ? without(rows, nulls, null) : nulls;
            }
            case Condition.InRange range when columnar(range) ->
                    columns.column(range.field(), segment, rows, log)
                            .inRange(rows, range.low(), range.high(), range.negated());
            case Condition.IsNumber is ->
                    columns.column(is.field(), segment, rows, log)
                            .isOneOf(rows, is.numbers(), is.negated());
            case Condition.OnValue onValue -> {
                long[] hits = hits(onValue, segment, rows);
                yield onValue.negated()
                        ? without(rows, postings.nulls(onValue.field(), segment, rows), hits)
                        : hits;
            }
        };
    }

    private static boolean columnar(Condition.OnValue condition) {
        return ColumnFormat.columnar(condition.field().field());
    }

    private long[] hits(Condition.OnValue condition, int segment, int rows) {
        return switch (condition) {
            case Condition.HasTerm hasTerm -> postings.hasTerm(hasTerm, segment, rows);
            case Condition.InTextRange range -> postings.inTextRange(range, segment, rows);
            case Condition.InRange range -> postings.inBooleans(range, segment, rows);
            case Condition.IsNumber _ -> throw new IllegalStateException("numbers are in columns");
        };
    }

    /** All rows but these. */
    private static long[] without(int rows, long[] nulls, long @Nullable [] hits) {
        long[] words = new long[words(rows)];
        BitWords.fill(words, rows);
        BitWords.andNot(words, nulls, words.length);
        if (hits != null) {
            BitWords.andNot(words, hits, words.length);
        }
        return words;
    }
}
