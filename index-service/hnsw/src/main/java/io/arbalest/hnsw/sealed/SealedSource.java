package io.arbalest.hnsw.sealed;

import io.arbalest.hnsw.GraphSource;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A packed graph seen by ordinals on every level, as one that grows sees its own.
 *
 * <p>Thread-safe: it never changes.
 */
final class SealedSource implements GraphSource {
    private final SealedGraph graph;
    private final byte[] levels;
    private final List<Map<Integer, Integer>> slots =
            new ArrayList<>(); // by ordinal, level 1 first

    SealedSource(SealedGraph graph) {
        this.graph = graph;
        this.levels = new byte[graph.points()];
        for (int level = 1; level <= graph.topLevel(); level++) {
            LevelLists lists = graph.level(level);
            Map<Integer, Integer> slotOf = new HashMap<>();
            for (int slot = 0; slot < lists.slots(); slot++) {
                slotOf.put(lists.ordinal(slot), slot);
                levels[lists.ordinal(slot)] = (byte) level;
            }
            slots.add(slotOf);
        }
    }

    @Override
    public int entryOrdinal() {
        int entry = graph.entry();
        int top = graph.topLevel();
        return entry < 0 || top == 0 ? entry : graph.level(top).ordinal(entry);
    }

    @Override
    public int levelOf(int ordinal) {
        return levels[ordinal];
    }

    @Override
    public int limit(int level) {
        return Math.max(1, graph.longestList());
    }

    @Override
    public int neighbors(int ordinal, int level, int[] target) {
        if (level == 0) {
            return graph.read(ordinal, target);
        }
        Integer slot = slots.get(level - 1).get(ordinal);
        if (slot == null) {
            return 0;
        }
        LevelLists lists = graph.level(level);
        int count = lists.read(slot, target);
        for (int i = 0; i < count; i++) {
            target[i] = lists.ordinal(target[i]);
        }
        return count;
    }
}
