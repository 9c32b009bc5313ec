package io.arbalest.metadata;

import io.arbalest.metadata.KeyValueStore.Family;
import io.arbalest.simd.BitWords;

import org.jspecify.annotations.Nullable;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.buffer.ImmutableRoaringBitmap;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Answers conditions on single fields from postings, as dense words over a segment. Rows of
 * replaced and deleted points are among them.
 *
 * <p>Thread-safe.
 */
final class PostingReader {
    private static final int BLOCK_ROWS = 1 << MetadataFormat.BLOCK_BITS;
    private static final int WORDS_PER_BLOCK = BLOCK_ROWS / Long.SIZE;

    private final KeyValueStore store;
    private final StoredRows stored;

    PostingReader(KeyValueStore store, StoredRows stored) {
        this.store = store;
        this.stored = stored;
    }

    private static int blocks(int rows) {
        return (rows + BLOCK_ROWS - 1) >>> MetadataFormat.BLOCK_BITS;
    }

    /** Rows whose field is null. */
    long[] nulls(FieldPosition field, int segment, int rows) {
        long[] words = new long[BitWords.wordsFor(rows)];
        for (int block = 0; block < blocks(rows); block++) {
            byte[] key = MetadataFormat.nullKey(field.position(), segment, block);
            add(store.get(Family.POSTINGS, key), block, rows, words);
        }
        return words;
    }

    /** Rows that have one of the terms. */
    long[] hasTerm(Condition.HasTerm condition, int segment, int rows) {
        long[] words = new long[BitWords.wordsFor(rows)];
        for (int block = 0; block < blocks(rows); block++) {
            List<byte[]> keys = new ArrayList<>(condition.terms().size());
            for (ByteBuffer term : condition.terms()) {
                keys.add(
                        MetadataFormat.postingKey(
                                condition.field().position(), segment, block, bytes(term)));
            }
            if (keys.size() == 1) {
                add(store.get(Family.POSTINGS, keys.getFirst()), block, rows, words);
                continue;
            }
            for (byte[] posting : store.multiGet(Family.POSTINGS, keys)) {
                add(posting, block, rows, words);
            }
        }
        return words;
    }

    private static byte[] bytes(ByteBuffer term) {
        byte[] bytes = new byte[term.remaining()];
        term.duplicate().get(bytes);
        return bytes;
    }

    /** Rows whose boolean is within a range of 0 and 1. */
    long[] inBooleans(Condition.InRange condition, int segment, int rows) {
        List<byte[]> terms = new ArrayList<>();
        for (byte value = 0; value <= 1; value++) {
            if (value >= condition.low() && value <= condition.high()) {
                terms.add(new byte[] {value});
            }
        }
        return hasTerm(Condition.HasTerm.of(condition.field(), false, terms), segment, rows);
    }

    /** Rows whose text is within a range: the terms of the range, in order. */
    long[] inTextRange(Condition.InTextRange condition, int segment, int rows) {
        long[] words = new long[BitWords.wordsFor(rows)];
        long[] undecided = new long[words.length];
        int field = condition.field().position();
        byte[] high = condition.high();
        for (int block = 0; block < blocks(rows); block++) {
            int number = block;
            byte[] from = MetadataFormat.postingKey(field, segment, block, head(condition.low()));
            byte[] to =
                    high == null || high.length > Terms.LONG_TEXT_HEAD_BYTES
                            ? null // long texts with its head are in no order
                            : MetadataFormat.postingKey(field, segment, block, high);
            store.scan(
                    Family.POSTINGS,
                    MetadataFormat.postingPrefix(field, segment, block),
                    from,
                    (key, posting) -> {
                        if (to != null && Arrays.compareUnsigned(key, to) >= 0) {
                            return false;
                        }
                        int holds = condition.holdsTerm(MetadataFormat.termOf(key));
                        if (holds >= 0) {
                            add(posting, number, rows, holds == 0 ? undecided : words);
                        }
                        return true;
                    });
        }
        int[] ordinals = ordinals(undecided);
        if (ordinals.length > 0) {
            Condition plain =
                    new Condition.InTextRange(
                            condition.field(), false, condition.low(), condition.high());
            stored.test(plain, segment, ordinals, words);
        }
        return words;
    }

    /** Where terms of texts that are not below this one begin; a long one is posted by its head. */
    private static byte[] head(byte[] low) {
        return low.length <= Terms.LONG_TEXT_HEAD_BYTES
                ? low
                : Arrays.copyOf(low, Terms.LONG_TEXT_HEAD_BYTES);
    }

    private static int[] ordinals(long[] words) {
        int[] ordinals = new int[BitWords.count(words, words.length)];
        int count = 0;
        for (int word = 0; word < words.length; word++) {
            for (long bits = words[word]; bits != 0; bits &= bits - 1) {
                ordinals[count++] = (word << 6) + Long.numberOfTrailingZeros(bits);
            }
        }
        return ordinals;
    }

    /** Reads a field's column. */
    NumericColumn readColumn(FieldPosition field, int segment, int rows, long completedUpdates) {
        int capacity = Math.max(Long.SIZE, rows + rows / 8);
        long[] values = new long[capacity];
        long[] nulls = new long[BitWords.wordsFor(capacity)];
        BitWords.fill(nulls, capacity);
        store.scan(
                Family.COLUMNS,
                ColumnFormat.prefix(field.position(), segment),
                (key, run) -> {
                    ColumnFormat.read(run, ColumnFormat.ordinalOf(key), rows, values, nulls);
                    return true;
                });
        return new NumericColumn(field.position(), values, nulls, rows, completedUpdates);
    }

    /** Adds a block's posting to the words of the segment; rows beyond the count are left out. */
    private static void add(byte @Nullable [] stored, int block, int rows, long[] words) {
        if (stored == null) {
            return;
        }
        ImmutableRoaringBitmap posting = MetadataFormat.posting(stored);
        int firstWord = block * WORDS_PER_BLOCK;
        int last = Math.min(BLOCK_ROWS, rows - (block << MetadataFormat.BLOCK_BITS));
        if (posting.getCardinality() < WORDS_PER_BLOCK) {
            posting.forEach((int low) -> {
                if (low < last) {
                    words[firstWord + (low >>> 6)] |= 1L << (low & 63);
                }
            });
            return;
        }
        RoaringBitmap bitmap = posting.toRoaringBitmap();
        bitmap.remove((long) last, BLOCK_ROWS);
        long[] dense = BitSetUtil.toLongArray(bitmap);
        for (int word = 0; word < Math.min(dense.length, words.length - firstWord); word++) {
            words[firstWord + word] |= dense[word];
        }
    }
}
