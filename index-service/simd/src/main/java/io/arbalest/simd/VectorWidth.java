package io.arbalest.simd;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The width of the vectors that all kernels use, chosen once a process: the machine's, at most 512
 * bits, or less where the system property {@value #PROPERTY} says 128 or 256. The choice is logged.
 *
 * <p>A kernel's sums depend on the width in their last bits, so nodes whose scores are compared bit
 * for bit are given the same width.
 *
 * <p>Thread-safe: immutable.
 */
public final class VectorWidth {
    /** Forces a narrower width; other values than 128, 256 and 512 are ignored with a warning. */
    public static final String PROPERTY = "arbalest.simd.vector-bits";

    private static final System.Logger LOG = System.getLogger(VectorWidth.class.getName());
    private static final VectorSpecies<Integer> INTS = choose();

    private VectorWidth() {}

    /** Bits of a vector. */
    public static int bits() {
        return INTS.vectorBitSize();
    }

    static VectorSpecies<Integer> ints() {
        return INTS;
    }

    private static VectorSpecies<Integer> choose() {
        int machine = IntVector.SPECIES_PREFERRED.vectorBitSize();
        int asked = Integer.getInteger(PROPERTY, 512);
        if (asked != 128 && asked != 256 && asked != 512) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} is {1}; expected 128, 256 or 512. The machine''s width is used.",
                    PROPERTY,
                    asked);
            asked = 512;
        }
        int bits = Math.min(asked, machine);
        LOG.log(
                System.Logger.Level.DEBUG,
                "distance kernels use vectors of {0} bits; the machine has {1}",
                bits,
                machine);
        return switch (bits) {
            case 512 -> IntVector.SPECIES_512;
            case 256 -> IntVector.SPECIES_256;
            case 128 -> IntVector.SPECIES_128;
            default -> IntVector.SPECIES_PREFERRED;
        };
    }
}
