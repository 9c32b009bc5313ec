package io.arbalest.simd;

import io.arbalest.common.Clock;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The width of the vectors that all kernels use, chosen once a process, when the first kernel is
 * used: what the system property {@value #PROPERTY} says, at most what the machine has; else, where
 * {@value #MEASURE} is {@code true}, the fastest that was measured; else the machine's.
 *
 * <p>A kernel's sums depend on the width in their last bits, so nodes whose scores are compared bit
 * for bit are given the same width.
 *
 * <p>Thread-safe: immutable.
 */
public final class VectorWidth {
    /** Forces a width; other values than 128, 256 and 512 are ignored with a warning. */
    public static final String PROPERTY = "arbalest.simd.vector-bits";

    /**
     * Whether widths are measured, which takes about 0.4 s, and at most 1.4 s, of whoever uses a
     * kernel first.
     */
    public static final String MEASURE = "arbalest.simd.measure";

    private static final System.Logger LOG = System.getLogger(VectorWidth.class.getName());
    private static final WidthProbe.Choice CHOICE = choose();
    private static final VectorSpecies<Integer> INTS = species();

    private VectorWidth() {}

    /** Bits of a vector. */
    public static int bits() {
        return INTS.vectorBitSize();
    }

    /** Why this width, in a few words, with the figures if it was measured. */
    public static String reason() {
        return CHOICE.text();
    }

    static VectorSpecies<Integer> ints() {
        return INTS;
    }

    private static WidthProbe.Choice choose() {
        int machine = Math.min(512, IntVector.SPECIES_PREFERRED.vectorBitSize());
        int asked = Integer.getInteger(PROPERTY, 0);
        boolean known = asked == 128 || asked == 256 || asked == 512;
        if (asked != 0 && !known) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} is {1}; expected 128, 256 or 512. It is ignored.",
                    PROPERTY,
                    asked);
        }
        WidthProbe.Choice choice;
        if (known) {
            choice = new WidthProbe.Choice(Math.min(asked, machine), "as " + PROPERTY + " says");
        } else if (Boolean.getBoolean(MEASURE) && machine >= 128) {
            choice = WidthProbe.choose(machine, Clock.SYSTEM);
        } else {
            choice = new WidthProbe.Choice(machine, "the machine's");
        }
        LOG.log(
                System.Logger.Level.INFO,
                "distance kernels use vectors of {0} bits, the machine has {1}: {2}",
                choice.bits(),
                machine,
                choice.text());
        return choice;
    }

    private static VectorSpecies<Integer> species() {
        return switch (CHOICE.bits()) {
            case 512 -> IntVector.SPECIES_512;
            case 256 -> IntVector.SPECIES_256;
            case 128 -> IntVector.SPECIES_128;
            default -> IntVector.SPECIES_PREFERRED;
        };
    }
}
