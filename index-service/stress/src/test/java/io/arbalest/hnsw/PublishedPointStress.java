package io.arbalest.hnsw;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A point is published by being put into a neighbour's list: whoever meets it there sees its vector
 * and its own list. First: 0 the point was not met, 1 met with its vector, -1 met without. Second:
 * the length of the point's list that was seen, once it was met.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before the point was published")
@Outcome(id = "1, 3", expect = Expect.ACCEPTABLE, desc = "with its vector and its list")
@Outcome(expect = Expect.FORBIDDEN, desc = "without its vector, or with part of its list")
@State
public class PublishedPointStress {
    private final int hub = StressedGraph.cell();
    private final int point = hub + 1;

    @Actor
    public void writer() {
        StressedGraph.writeVector(point);
        StressedGraph.LINKS.write(point, 0, new int[] {hub, hub + 2, hub + 3}, 3);
        boolean adopted = StressedGraph.LINKER.get().adopt(hub, point);
        assert adopted;
    }

    @Actor
    public void reader(II_Result result) {
        int[] list = new int[2 * StressedGraph.M];
        int count = StressedGraph.LINKS.read(hub, 0, list);
        if (count == 1 && list[0] == point) {
            result.r1 = StressedGraph.seesVector(point) ? 1 : -1;
            result.r2 = StressedGraph.LINKS.read(point, 0, list);
        } else if (count != 0) {
            result.r1 = -2;
        }
    }
}
