package io.arbalest.hnsw.sealed;

import static org.assertj.core.api.Assertions.assertThat;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.GraphSource;
import io.arbalest.hnsw.GrowingGraph;
import io.arbalest.hnsw.VectorTable;
import io.arbalest.model.Metric;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.Arrays;

class SealedSourceTest {
    private static final int DIMENSION = 24;
    private static final int POINTS = 3000;

    private final SealedCases cases = new SealedCases(DIMENSION, 20, SealedCases.SEED);

    @Test
    void linksByOrdinalAreThoseThatWerePacked() {
        try (Arena arena = Arena.ofConfined();
                VectorTable table = new VectorTable(DIMENSION, Metric.L2, POINTS)) {
            cases.fill(table, POINTS);
            try (GrowingGraph growing = SealedCases.linked(table, 8, POINTS)) {
                PackedGraph packed =
                        SealedGraphPacker.pack(table, growing.source(), OrdinalSet.ALL, POINTS);
                GraphSource sealed = SealedGraph.open(SealedCases.write(packed, arena)).source();
                GraphSource original = growing.source();
                int[] newToOld = packed.newToOld();
                int[] here = new int[256];
                int[] there = new int[256];
                int upper = 0;
                assertThat(sealed.levelOf(sealed.entryOrdinal()))
                        .isEqualTo(original.levelOf(original.entryOrdinal()));
                for (int ordinal = 0; ordinal < POINTS; ordinal++) {
                    int old = newToOld[ordinal];
                    assertThat(sealed.levelOf(ordinal)).isEqualTo(original.levelOf(old));
                    for (int level = 0; level <= original.levelOf(old); level++) {
                        int count = sealed.neighbors(ordinal, level, here);
                        assertThat(count).isLessThanOrEqualTo(sealed.limit(level));
                        int linked = original.neighbors(old, level, there);
                        for (int i = 0; i < count; i++) {
                            here[i] = newToOld[here[i]];
                        }
                        if (linked > 0) {
                            assertThat(Arrays.copyOf(here, count))
                                    .contains(Arrays.copyOf(there, linked));
                        }
                        upper += level > 0 ? count : 0;
                    }
                }
                assertThat(upper).isPositive();
            }
        }
    }
}
