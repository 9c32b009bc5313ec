package io.arbalest.hnsw;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A point is linked as a graph links it, while somebody reads the list of its neighbour: whoever
 * meets the point there can go on from it. First: 0 the point was not met, 1 met with its vector,
 * -1 met without. Second: the length of the point's list that was seen, once it was met.
 */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "before the point was linked")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "with its vector and its neighbour")
@Outcome(expect = Expect.FORBIDDEN, desc = "without its vector, or with nowhere to go")
@State
public class LinkedPointStress {
    private final int hub = StressedGraph.cell();
    private final int point = hub + 1;

    public LinkedPointStress() {
        StressedGraph.writeVector(hub);
    }

    @Actor
    public void writer() {
        StressedGraph.writeVector(point);
        StressedGraph.LINKER.get().link(point, 0, hub); // an entry point of level 0
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
