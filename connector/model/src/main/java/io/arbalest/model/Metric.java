package io.arbalest.model;

/** How two vectors are compared. A score is larger for closer points with every metric. */
public enum Metric {
    /** Score = minus the squared Euclidean distance. */
    L2("l2"),
    /** Score = inner product. */
    IP("ip"),
    /** Score = inner product of the vectors divided by both norms; a zero vector is refused. */
    COSINE("cosine");

    private final String label;

    Metric(String label) {
        this.label = label;
    }

    /** The word used in configuration and on the command line. */
    public String label() {
        return label;
    }

    /** The metric with this word; refused with {@link ErrorCode#INVALID_DEFINITION}. */
    public static Metric ofLabel(String label) {
        for (Metric metric : values()) {
            if (metric.label.equalsIgnoreCase(label)) {
                return metric;
            }
        }
        throw new ArbalestException(
                ErrorCode.INVALID_DEFINITION,
                "unknown metric '" + label + "'",
                "use one of l2, ip, cosine");
    }
}
