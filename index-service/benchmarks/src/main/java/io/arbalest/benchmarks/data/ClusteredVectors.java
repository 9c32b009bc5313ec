package io.arbalest.benchmarks.data;

/**
 * Vectors like those of real descriptors and embeddings: clusters of unequal size in a space of few
 * dimensions, turned into one of many, with a little noise. Vectors without structure (uniform, or
 * one Gaussian) are far harder to search than real ones and reward other things. The constants were
 * chosen by the local intrinsic dimension (maximum likelihood, 100 neighbours) of 100,000 x 128 in
 * 200 clusters: median 24, relative contrast 1.7, near those of SIFT descriptors.
 *
 * <p>A row is a function of the shape and its number alone: a longer set begins with the shorter
 * one if {@link Shape#clusters} is the same. Rows of negative numbers are queries: of the same
 * distribution, never in the set.
 *
 * <p>In the space of few dimensions a row is {@code centre + WITHIN * normal}, both with standard
 * deviation {@code (1 + j)^-DECAY} along axis j. A fixed matrix of normal deviates maps it to the
 * dimension of the set; {@code NOISE} is added to every element.
 *
 * <p>Confined to one thread.
 */
public final class ClusteredVectors {
    /** How far points lie from their centre, in units of how far centres lie from each other. */
    static final double WITHIN = 1.25;

    /** How fast the spread falls from axis to axis. */
    static final double DECAY = 0.1;

    /** Standard deviation that every element has besides, in units of the first axis' spread. */
    static final double NOISE = 0.02;

    private static final long MATRIX_STREAM = Long.MIN_VALUE;
    private static final long CENTRE_STREAM = Long.MIN_VALUE + 1;

    /**
     * What makes a set.
     *
     * @param dimension of the vectors
     * @param latent dimensions of the space that they come from, at most {@code dimension}
     * @param clusters number of centres
     * @param unit whether vectors are scaled to length 1, for inner product
     */
    public record Shape(int dimension, int latent, int clusters, boolean unit, long seed) {
        public Shape {
            if (dimension < 1
                    || dimension > VectorFile.MOST_DIMENSIONS
                    || latent < 1
                    || latent > dimension
                    || clusters < 1) {
                throw new IllegalArgumentException(
                        "dimension " + dimension + ", latent " + latent + ", clusters " + clusters);
            }
        }

        /** Dimensions of the inner space that make a set as hard as real ones of this dimension. */
        public static int latentOf(int dimension) {
            int latent = dimension <= 128 ? dimension * 5 / 8 : 80 + (dimension - 128) * 3 / 40;
            return Math.max(1, latent);
        }
    }

    private final Shape shape;
    private final float[][] axes; // by inner dimension: how it contributes to the elements
    private final float[][] centres;
    private final double[] spread;

    /** Draws the matrix and the centres. */
    public ClusteredVectors(Shape shape) {
        this.shape = shape;
        spread = new double[shape.latent()];
        for (int j = 0; j < spread.length; j++) {
            spread[j] = StrictMath.pow(1 + j, -DECAY);
        }
        SplitMix matrix = new SplitMix(shape.seed(), MATRIX_STREAM);
        axes = new float[shape.latent()][shape.dimension()];
        for (float[] axis : axes) {
            for (int i = 0; i < axis.length; i++) {
                axis[i] = (float) matrix.nextGaussian();
            }
        }
        SplitMix random = new SplitMix(shape.seed(), CENTRE_STREAM);
        centres = new float[shape.clusters()][shape.latent()];
        for (float[] centre : centres) {
            for (int j = 0; j < centre.length; j++) {
                centre[j] = (float) (spread[j] * random.nextGaussian());
            }
        }
    }

    /** Makes the point of a number, or a query if it is negative. */
    public void row(long number, float[] target) {
        SplitMix random = new SplitMix(shape.seed(), number);
        double share = random.nextDouble();
        // the square makes the first clusters larger than the last
        float[] centre = centres[(int) (share * share * shape.clusters())];
        for (int i = 0; i < target.length; i++) {
            target[i] = (float) (NOISE * random.nextGaussian());
        }
        for (int j = 0; j < centre.length; j++) {
            float inner = (float) (centre[j] + WITHIN * spread[j] * random.nextGaussian());
            float[] axis = axes[j];
            for (int i = 0; i < target.length; i++) {
                target[i] += inner * axis[i];
            }
        }
        if (shape.unit()) {
            double square = 0;
            for (float element : target) {
                square += (double) element * element;
            }
            float factor = (float) (1 / Math.sqrt(square));
            for (int i = 0; i < target.length; i++) {
                target[i] *= factor;
            }
        }
    }
}
