package io.arbalest.hnsw;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * A full list is chosen anew, with a point that was just written, while somebody reads it again and
 * again: old and new neighbours may be mixed, but every one of them is whole, and there are never
 * fewer than in the shorter list. First: 1 if all that was read was so, else -1. Second: whether
 * the new point was met. Third: 1 if the list is in the end what was written.
 */
@JCStressTest
@Outcome(
        id = {"1, 0, 1", "1, 1, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "whole points only")
@Outcome(
        expect = Expect.FORBIDDEN,
        desc = "a point without its vector, a place of nobody, a list cut short or not cut")
@State
public class RewrittenListStress {
    private static final int READS = 32;

    private final int hub = StressedGraph.cell();
    private final int fresh = hub + 7;

    public RewrittenListStress() {
        for (int i = 1; i <= 4; i++) {
            StressedGraph.writeVector(hub + i);
        }
        StressedGraph.LINKS.write(hub, 0, new int[] {hub + 1, hub + 2, hub + 3, hub + 4}, 4);
    }

    @Actor
    public void writer() {
        StressedGraph.writeVector(fresh);
        StressedGraph.LINKS.write(hub, 0, new int[] {fresh, hub + 4}, 2);
    }

    @Actor
    public void reader(III_Result result) {
        int[] list = new int[2 * StressedGraph.M];
        result.r1 = 1;
        for (int read = 0; read < READS && result.r2 == 0; read++) {
            int count = StressedGraph.LINKS.read(hub, 0, list);
            result.r1 = count >= 2 ? result.r1 : -1;
            for (int i = 0; i < count; i++) {
                boolean known = list[i] == fresh || (list[i] > hub && list[i] <= hub + 4);
                if (!known || !StressedGraph.seesVector(list[i])) {
                    result.r1 = -1;
                }
                result.r2 |= list[i] == fresh ? 1 : 0;
            }
        }
    }

    @Arbiter
    public void end(III_Result result) {
        int[] list = new int[2 * StressedGraph.M];
        boolean right =
                StressedGraph.LINKS.read(hub, 0, list) == 2
                        && list[0] == fresh
                        && list[1] == hub + 4;
        result.r3 = right ? 1 : 0;
    }
}
