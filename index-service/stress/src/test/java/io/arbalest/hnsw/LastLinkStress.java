package io.arbalest.hnsw;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/**
 * Links to a point are counted while two writers choose lists anew: one would drop the point from
 * its list, the other puts it into one more and would then drop it from two. The last link stays,
 * whoever comes last. First: whether the one may drop it. Second: how often the other may. Third:
 * the links that are left.
 */
@JCStressTest
@Outcome(
        id = {"true, 1, 1", "false, 2, 1"},
        expect = Expect.ACCEPTABLE,
        desc = "of three links one is left")
@Outcome(expect = Expect.FORBIDDEN, desc = "the last link was dropped, or counted wrongly")
@State
public class LastLinkStress {
    private final int point = StressedGraph.cell();

    public LastLinkStress() {
        while (StressedGraph.LINKS.inDegree(point) < 2) { // a cell keeps the one that was left
            StressedGraph.LINKS.retain(point);
        }
    }

    @Actor
    public void first(ZII_Result result) {
        result.r1 = StressedGraph.LINKS.release(point);
    }

    @Actor
    public void second(ZII_Result result) {
        StressedGraph.LINKS.retain(point);
        result.r2 += StressedGraph.LINKS.release(point) ? 1 : 0;
        result.r2 += StressedGraph.LINKS.release(point) ? 1 : 0;
    }

    @Arbiter
    public void end(ZII_Result result) {
        result.r3 = StressedGraph.LINKS.inDegree(point);
    }
}
