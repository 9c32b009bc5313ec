package io.arbalest.testkit;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Runs a test body with many random sources, each made from its own seed. A failure names the seed
 * of the case; {@code -Dseed=THAT} runs this one case and nothing else.
 *
 * <p>Without the property the first seed is drawn from the clock, so that every run tries something
 * new.
 *
 * <p>Confined to one thread.
 */
public final class RandomCases {
    /** The system property that replays one case. */
    public static final String SEED_PROPERTY = "seed";

    private static final Logger LOG = System.getLogger(RandomCases.class.getName());

    private RandomCases() {}

    /** Runs the body for {@code count} seeds, or for the one given by {@value #SEED_PROPERTY}. */
    public static void run(int count, Body body) {
        runUntil(count, count, () -> true, body);
    }

    /**
     * Runs the body for {@code count} seeds, and for more until the cases have reached between them
     * what they must reach. A single case that is replayed need not reach anything.
     *
     * @throws AssertionError if {@code limit} cases were not {@code enough}
     */
    public static void runUntil(int count, int limit, BooleanSupplier enough, Body body) {
        String given = System.getProperty(SEED_PROPERTY, "");
        if (!given.isBlank()) {
            runOne(Long.parseLong(given.strip()), body);
            return;
        }
        long first = System.nanoTime() & 0xFFFF_FFFFL;
        LOG.log(Level.INFO, "{0} random cases from seed {1}", count, Long.toString(first));
        int cases = 0;
        while (cases < count || (cases < limit && !enough.getAsBoolean())) {
            runOne(first + cases++, body);
        }
        if (!enough.getAsBoolean()) {
            throw new AssertionError(
                    cases + " random cases from seed " + first + " did not reach everything");
        }
    }

    /** A random source that gives the same numbers for the same seed on every Java runtime. */
    public static RandomGenerator random(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    private static void runOne(long seed, Body body) {
        try {
            body.run(random(seed), seed);
        } catch (Throwable e) {
            throw new AssertionError(
                    "failed with seed " + seed + "; replay with -Dseed=" + seed, e);
        }
    }

    /** One random case. */
    @FunctionalInterface
    public interface Body {
        void run(RandomGenerator random, long seed) throws Exception;
    }
}
