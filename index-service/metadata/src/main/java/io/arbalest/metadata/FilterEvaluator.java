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
 * Answers filters over a segment, and keeps the answers. A kept answer is never thrown away for a
 * write: the rows that came or changed since are looked at one by one, so it is always as new as
 * the store and never stale. Only when they are many is the filter evaluated anew from the
 * postings.
 *
 * <p>At most {@value #MAX_BYTES} bytes of answers a shard; those used longest ago go first.
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

    private record Id(Filter filter, int segment) {}

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

    private final PostingReader postings;
    private final StoredRows stored;
    private final NumericColumns columns;
    private volatile FilterCompiler compiler;
    private final Map<Integer, UpdateLog> updates = new ConcurrentHashMap<>();
    private final LinkedHashMap<Id, Answer> answers = new LinkedHashMap<>(64, 0.75f, true);
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
        return updates.computeIfAbsent(segment, _ -> new UpdateLog());
    }

    /** Drops what is kept about a segment that is gone. */
    void forget(int segment) {
        updates.remove(segment);
        columns.forget(segment);
        synchronized (answers) {
            answers.entrySet()
                    .removeIf(entry -> {
                        boolean gone = entry.getKey().segment() == segment;
                        answerBytes -= gone ? entry.getValue().bytes() : 0;
                        return gone;
                    });
        }
    }

    /** What a filter asks for, checked against the fields. */
    Condition compile(Filter filter) {
        return compiler.compile(filter);
    }

    /**
     * The rows of a segment that pass.
     *
     * @param rows rows of the segment that are in the store now
     */
    MatchingRows matching(Filter filter, int segment, int rows) {
        UpdateLog log = updates(segment);
        long completed = log.completed();
        Id id = new Id(filter, segment);
        Answer kept;
        synchronized (answers) {
            kept = answers.get(id);
        }
        if (kept != null && kept.rows >= rows && kept.updates >= completed) {
            return kept.matching;
        }
        Condition condition = compiler.compile(filter);
        MatchingRows matching = kept == null ? null : catchUp(kept, condition, segment, rows, log);
        if (matching == null) {
            matching = evaluate(condition, segment, rows, log, completed);
        }
        keep(id, new Answer(matching, rows, completed));
        return matching;
    }

    private void keep(Id id, Answer answer) {
        synchronized (answers) {
            Answer before = answers.put(id, answer);
            answerBytes += answer.bytes() - (before == null ? 0 : before.bytes());
            Iterator<Answer> eldest = answers.values().iterator();
            while (answerBytes > MAX_BYTES && answers.size() > 1) {
                answerBytes -= eldest.next().bytes();
                eldest.remove();
            }
        }
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
