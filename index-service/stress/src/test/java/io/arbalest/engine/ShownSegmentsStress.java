package io.arbalest.engine;

import io.arbalest.metadata.MatchingRows;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/**
 * The applier shows a sealed segment in place of another while a reader leases what it sees, twice:
 * of the two segments it sees one, open for as long as it is leased, and never goes back. First and
 * second: which one it saw, -1 both, none, or a closed one. Third: how often the replaced one was
 * closed in the end.
 */
@JCStressTest
@Outcome(
        id = {"1, 1, 1", "1, 2, 1", "2, 2, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "one of the two, open; the replaced one is closed once")
@Outcome(expect = Expect.FORBIDDEN, desc = "both, none, a closed one, or one that stays open")
@State
public class ShownSegmentsStress {
    private static final CollectionDefinition DEFINITION =
            new CollectionDefinition(
                    "stressed",
                    new UUID(1, 2),
                    KeyType.INT64,
                    4,
                    Metric.L2,
                    new HnswParams(2, 2, 2),
                    List.of(),
                    1,
                    1);

    private final Part before = new Part(1);
    private final Part after = new Part(2);
    private final Segments segments = new Segments(DEFINITION, 0, 1, List.of(before), 3);

    @Actor
    public void applier() {
        segments.replace(List.of(before), List.of(after));
    }

    @Actor
    public void reader(III_Result result) {
        result.r1 = seen();
        result.r2 = seen();
    }

    private int seen() {
        int seen = 0;
        try (Segments.Lease lease = segments.lease()) {
            for (Segment segment : lease.view().segments()) {
                if (segment instanceof Part part) {
                    seen = seen == 0 && part.closed.getPlain() == 0 ? part.id() : -1;
                }
            }
            return seen == 0 ? -1 : seen;
        }
    }

    @Arbiter
    public void end(III_Result result) {
        result.r3 = before.closed.get();
        segments.close();
    }

    /** Knows only whether it was closed. */
    private static final class Part implements Segment {
        final AtomicInteger closed = new AtomicInteger();
        private final int id;
        private final List<RowStamps> stamps;

        Part(int id) {
            this.id = id;
            stamps = List.of(new RowStamps(id, 1));
        }

        @Override
        public int id() {
            return id;
        }

        @Override
        public List<RowStamps> origins() {
            return stamps;
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }

        @Override
        public int rows() {
            return 0;
        }

        @Override
        public int live() {
            return 0;
        }

        @Override
        public int linked() {
            return 0;
        }

        @Override
        public int linkedPoints() {
            return 0;
        }

        @Override
        public long name(int ordinal) {
            throw noRows();
        }

        @Override
        public int ordinal(long name) {
            throw noRows();
        }

        @Override
        public boolean visible(int ordinal, long snapshot) {
            throw noRows();
        }

        @Override
        public MatchingRows translate(IntFunction<MatchingRows> byOrigin) {
            throw noRows();
        }

        @Override
        public Probe probe(float[] query) {
            throw noRows();
        }

        @Override
        public void exactScores(int[] ordinals, int count, float[] query, double[] scores) {
            throw noRows();
        }

        @Override
        public void read(int ordinal, short[] target) {
            throw noRows();
        }

        @Override
        public void whenFreed(Runnable task) {
            throw noRows();
        }

        private static UnsupportedOperationException noRows() {
            return new UnsupportedOperationException("a segment without rows");
        }
    }
}
