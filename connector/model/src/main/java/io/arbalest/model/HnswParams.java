package io.arbalest.model;

/**
 * The parameters of the graph (Malkov and Yashunin, arXiv 1603.09320).
 *
 * @param m links per point on the upper levels; level 0 has {@code 2 * m}
 * @param efConstruction candidates kept while a point is linked
 * @param ef candidates kept by a search that does not say otherwise
 * @param codes what sealed segments hold to make walks cheaper
 */
public record HnswParams(int m, int efConstruction, int ef, IndexCodes codes) {
    public static final HnswParams DEFAULT = new HnswParams(16, 200, 100);

    /** With the codes that are measured to be right. */
    public HnswParams(int m, int efConstruction, int ef) {
        this(m, efConstruction, ef, IndexCodes.AUTO);
    }

    public HnswParams {
        if (m < 2
                || m > 256
                || efConstruction < m
                || efConstruction > 4096
                || ef < 1
                || ef > MAX_EF) {
            throw new ArbalestException(
                    ErrorCode.INVALID_DEFINITION,
                    "hnsw parameters m="
                            + m
                            + " efConstruction="
                            + efConstruction
                            + " ef="
                            + ef
                            + " are out of range",
                    "use m 2..256, efConstruction m..4096, ef 1.." + MAX_EF);
        }
    }

    /** Largest ef that a search may ask for. */
    public static final int MAX_EF = 16_384;

    /** Links per point on level 0. */
    public int m0() {
        return 2 * m;
    }
}
