package io.arbalest.hnsw;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two writers point one neighbour at their new points, one as a point that nobody chose, one as
 * points are linked; then the latter reads its list. First: how many points it met, -1 if one of
 * them without its vector or with nowhere to go, or twice. Second: how many are there in the end.
 *
 * <p>Two actors, so that a machine of two processors runs it.
 */
@JCStressTest
@Outcome(
        id = {"1, 2", "2, 2"},
        expect = Expect.ACCEPTABLE,
        desc = "each point whole or not at all; both in the end")
@Outcome(expect = Expect.FORBIDDEN, desc = "a point without its vector, or a link was lost")
@State
public class BackLinksStress {
    private final int hub = StressedGraph.cell();

    public BackLinksStress() {
        StressedGraph.writeVector(hub);
    }

    @Actor
    public void firstWriter() {
        StressedGraph.writeVector(hub + 1);
        StressedGraph.LINKS.write(hub + 1, 0, new int[] {hub}, 1);
        boolean adopted = StressedGraph.LINKER.get().adopt(hub, hub + 1);
        assert adopted;
    }

    @Actor
    public void secondWriter(II_Result result) {
        StressedGraph.writeVector(hub + 2);
        StressedGraph.LINKER.get().link(hub + 2, 0, hub); // an entry point of level 0
        result.r1 = met();
    }

    @Arbiter
    public void end(II_Result result) {
        result.r2 = met();
    }

    private int met() {
        int[] list = new int[2 * StressedGraph.M];
        int[] own = new int[2 * StressedGraph.M];
        int count = StressedGraph.LINKS.read(hub, 0, list);
        boolean twice = count == 2 && list[0] == list[1];
        for (int i = 0; i < count; i++) {
            boolean known = list[i] == hub + 1 || list[i] == hub + 2;
            if (twice
                    || !known
                    || !StressedGraph.seesVector(list[i])
                    || StressedGraph.LINKS.read(list[i], 0, own) < 1) {
                return -1;
            }
        }
        return count;
    }
}
