package io.arbalest.metadata;

import io.arbalest.common.OrdinalSet;
import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.Field;
import io.arbalest.model.Filter;

import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Answers filters from postings. A row counts as soon as its batch is in the store; rows of
 * replaced and deleted points still count.
 *
 * <p>Thread-safe.
 */
final class PostingReader {
    private static final int WORDS_PER_BLOCK = (1 << MetadataFormat.BLOCK_BITS) / Long.SIZE;

    private final KeyValueStore store;
    private final List<Field> fields;

    PostingReader(KeyValueStore store, List<Field> fields) {
        this.store = store;
        this.fields = fields;
    }

    /** The rows of a segment that pass, out of those below {@code rows}. */
    OrdinalSet matching(Filter filter, int segment, int rows) {
        Condition condition = compile(filter);
        int blocks = blocks(rows);
        long[] words = new long[(rows + Long.SIZE - 1) / Long.SIZE];
        for (int block = 0; block < blocks; block++) {
            int firstWord = block * WORDS_PER_BLOCK;
            evaluate(condition, segment, block)
                    .forEach((int low) -> {
                        int word = firstWord + (low >>> 6);
                        if (word < words.length) { // rows may have come in since they were counted
                            words[word] |= 1L << (low & 63);
                        }
                    });
        }
        return new DenseOrdinals(words);
    }

    long cardinality(Filter filter, int segment, int rows) {
        Condition condition = compile(filter);
        long count = 0;
        for (int block = 0; block < blocks(rows); block++) {
            count += evaluate(condition, segment, block).getLongCardinality();
        }
        return count;
    }

    private static int blocks(int rows) {
        return (rows + (1 << MetadataFormat.BLOCK_BITS) - 1) >>> MetadataFormat.BLOCK_BITS;
    }

    private RoaringBitmap evaluate(Condition condition, int segment, int block) {
        return switch (condition) {
            case Condition.Never() -> new RoaringBitmap();
            case Condition.HasTerm(int field, byte[] term) -> {
                byte[] stored =
                        store.get(
                                Family.POSTINGS,
                                MetadataFormat.postingKey(field, segment, block, term));
                yield stored == null
                        ? new RoaringBitmap()
                        : MetadataFormat.posting(stored).toRoaringBitmap();
            }
            case Condition.All(List<Condition> operands) -> {
                RoaringBitmap passing = evaluate(operands.getFirst(), segment, block);
                for (Condition operand : operands.subList(1, operands.size())) {
                    if (passing.isEmpty()) {
                        break;
                    }
                    passing.and(evaluate(operand, segment, block));
                }
                yield passing;
            }
        };
    }

    private Condition compile(Filter filter) {
        return switch (filter) {
            case Filter.And(List<Filter> operands) ->
                    new Condition.All(operands.stream().map(this::compile).toList());
            case Filter.Equal(String name, Object value) -> {
                int position = requirePosted(name);
                byte @Nullable [] term = Terms.ofLiteral(fields.get(position), value);
                yield term == null ? new Condition.Never() : new Condition.HasTerm(position, term);
            }
        };
    }

    private int requirePosted(String name) {
        int position =
                IntStream.range(0, fields.size())
                        .filter(i -> fields.get(i).name().equals(name))
                        .findFirst()
                        .orElse(-1);
        List<String> filterable = fields.stream().filter(Terms::posted).map(Field::name).toList();
        if (position < 0) {
            throw new ArbalestException(
                    ErrorCode.UNKNOWN_FIELD,
                    "the filter names field '"
                            + name
                            + "', the collection has "
                            + fields.stream().map(Field::name).toList(),
                    "use one of the indexed fields " + filterable);
        }
        Field field = fields.get(position);
        if (!Terms.posted(field)) {
            throw new ArbalestException(
                    ErrorCode.FIELD_NOT_INDEXED,
                    "the filter names field '"
                            + name
                            + "', which is "
                            + (field.indexed() ? "an array" : "stored but not indexed"),
                    "use one of the indexed fields " + filterable);
        }
        return position;
    }

    /** A filter with its fields found and its literals turned into terms. */
    private sealed interface Condition {
        record Never() implements Condition {}

        record HasTerm(int field, byte[] term) implements Condition {
            @Override
            public boolean equals(Object other) {
                return other instanceof HasTerm(int otherField, byte[] otherTerm)
                        && otherField == field
                        && Arrays.equals(otherTerm, term);
            }

            @Override
            public int hashCode() {
                return 31 * field + Arrays.hashCode(term);
            }
        }

        record All(List<Condition> operands) implements Condition {}
    }
}
