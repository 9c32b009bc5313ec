package io.arbalest.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.Comparator;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** A frontier against sorted sets. */
class FrontierTest {
    private static final long SEED = Long.getLong("seed", 6);

    @Test
    void theBestOfBothKindsIsExpandedWhileItIsAmongTheBestAccepted() {
        SplittableRandom random = new SplittableRandom(SEED);
        Frontier frontier = new Frontier(); // used again and again, as walks do
        for (int round = 0; round < 500; round++) {
            int ef = random.nextInt(1, 20);
            int kept = ef + random.nextInt(0, 10);
            frontier.clear(ef, kept);
            NavigableSet<Long> accepted = new TreeSet<>(Comparator.reverseOrder());
            NavigableSet<Long> newAccepted = new TreeSet<>(Comparator.reverseOrder());
            NavigableSet<Long> detours = new TreeSet<>(Comparator.reverseOrder());
            for (int ordinal = 0; ordinal < 100; ordinal++) {
                long point = ScoredOrdinal.of(random.nextInt(50), ordinal);
                assertThat(frontier.pool().takes(point)).isEqualTo(isAmong(kept, accepted, point));
                if (frontier.pool().takes(point)) {
                    boolean accept = random.nextBoolean();
                    frontier.add(point, accept);
                    (accept ? accepted : detours).add(point);
                    if (accept) {
                        newAccepted.add(point);
                    }
                }
                if (random.nextInt(3) == 0) {
                    assertThat(frontier.next())
                            .as("round %s, seed %s", round, SEED)
                            .isEqualTo(next(ef, accepted, newAccepted, detours));
                }
            }
        }
    }

    private static int next(
            int ef,
            NavigableSet<Long> accepted,
            NavigableSet<Long> newAccepted,
            NavigableSet<Long> detours) {
        newAccepted.removeIf(point -> accepted.headSet(point).size() >= ef); // for good
        long best = newAccepted.isEmpty() ? Long.MIN_VALUE : newAccepted.getFirst();
        if (!detours.isEmpty() && detours.getFirst() > best) {
            long detour = detours.removeFirst();
            return isAmong(ef, accepted, detour) ? ScoredOrdinal.ordinal(detour) : -1;
        }
        if (newAccepted.isEmpty()) {
            return -1;
        }
        return ScoredOrdinal.ordinal(newAccepted.removeFirst());
    }

    private static boolean isAmong(int count, NavigableSet<Long> accepted, long point) {
        return accepted.headSet(point).size() < count;
    }
}
