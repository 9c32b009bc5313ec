package io.arbalest.hnsw;

import java.util.Arrays;

/**
 * A binary heap of longs with the smallest on top. Grows when it must and keeps its array when
 * cleared.
 *
 * <p>Confined to one thread.
 */
public final class LongHeap {
    private long[] items; // from index 1
    private int size;

    public LongHeap(int initialCapacity) {
        items = new long[initialCapacity + 1];
    }

    public int size() {
        return size;
    }

    public void clear() {
        size = 0;
    }

    /** The smallest; the heap must not be empty. */
    public long top() {
        return items[1];
    }

    public void push(long item) {
        if (++size == items.length) {
            items = Arrays.copyOf(items, 2 * items.length);
        }
        int at = size;
        while (at > 1 && items[at >>> 1] > item) {
            items[at] = items[at >>> 1];
            at >>>= 1;
        }
        items[at] = item;
    }

    public long pop() {
        long top = items[1];
        long last = items[size--];
        if (size > 0) {
            sink(last);
        }
        return top;
    }

    /** Pop and push in one. */
    void replaceTop(long item) {
        sink(item);
    }

    /** The item at a place between 0 and size, in no particular order. */
    long get(int place) {
        return items[place + 1];
    }

    private void sink(long item) {
        int at = 1;
        while (true) {
            int child = at << 1;
            if (child > size) {
                break;
            }
            if (child < size && items[child + 1] < items[child]) {
                child++;
            }
            if (items[child] >= item) {
                break;
            }
            items[at] = items[child];
            at = child;
        }
        items[at] = item;
    }
}
