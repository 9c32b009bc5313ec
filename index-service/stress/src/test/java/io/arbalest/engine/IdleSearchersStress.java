package io.arbalest.engine;

import io.arbalest.common.OrdinalSet;
import io.arbalest.hnsw.NeighborQueue;
import io.arbalest.hnsw.SearchLimits;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Two searches of one segment take searchers, with their marks of visited points, from those that
 * are idle, and give them back: were one shared, a search would miss points that the other has
 * visited. Each must find what it finds alone.
 */
@JCStressTest
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "as alone")
@Outcome(expect = Expect.FORBIDDEN, desc = "a search saw marks of the other")
@State
public class IdleSearchersStress {
    private static final int DIMENSION = 8;
    private static final int POINTS = 64;
    private static final GrowingSegment SEGMENT = segment();
    private static final float[] FIRST = query(1);
    private static final float[] SECOND = query(2);
    private static final int[] FOUND_BY_FIRST = found(FIRST);
    private static final int[] FOUND_BY_SECOND = found(SECOND);

    @Actor
    public void first(ZZ_Result result) {
        result.r1 = Arrays.equals(found(FIRST), FOUND_BY_FIRST);
    }

    @Actor
    public void second(ZZ_Result result) {
        result.r2 = Arrays.equals(found(SECOND), FOUND_BY_SECOND);
    }

    private static int[] found(float[] query) {
        NeighborQueue results = new NeighborQueue(8);
        SEGMENT.probe(query).walk(SearchLimits.of(POINTS), OrdinalSet.ALL, results);
        return results.ordinalsBestFirst();
    }

    private static float[] query(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] query = new float[DIMENSION];
        for (int i = 0; i < DIMENSION; i++) {
            query[i] = (float) random.nextGaussian();
        }
        return query;
    }

    private static GrowingSegment segment() {
        CollectionDefinition definition =
                new CollectionDefinition(
                        "stressed",
                        new UUID(1, 2),
                        KeyType.INT64,
                        DIMENSION,
                        Metric.L2,
                        new HnswParams(4, 16, 16),
                        List.of(),
                        1,
                        1);
        GrowingSegment segment = new GrowingSegment(1, POINTS, 0, definition);
        SplittableRandom random = new SplittableRandom(7);
        short[] halves = new short[DIMENSION];
        for (int i = 0; i < POINTS; i++) {
            for (int j = 0; j < DIMENSION; j++) {
                halves[j] = Float.floatToFloat16((float) random.nextGaussian());
            }
            int ordinal = segment.append(MemorySegment.ofArray(halves), 0, i);
            segment.graph().link(ordinal);
        }
        segment.publish(POINTS);
        segment.linked(POINTS);
        return segment;
    }
}
