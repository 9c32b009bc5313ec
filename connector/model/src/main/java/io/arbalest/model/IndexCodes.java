package io.arbalest.model;

import java.util.Locale;

/**
 * Which compact codes sealed segments hold beside their vectors, and where. Walks score by codes
 * and look at the vectors of the best only.
 *
 * <p>{@link Kind#AUTO} and {@link Layout#AUTO} leave it to a measurement of each segment when it is
 * sealed or merged; so segments of one collection may differ.
 *
 * @param kind what a code is
 * @param layout where codes lie; signs are always {@link Layout#FAST}, the others {@link
 *     Layout#BALANCED}
 */
public record IndexCodes(Kind kind, Layout layout) {
    /** Both left to the measurement. */
    public static final IndexCodes AUTO = new IndexCodes(Kind.AUTO, Layout.AUTO);

    /** What a code is. */
    public enum Kind {
        /** As measured. */
        AUTO,
        /** No codes: walks score the vectors. */
        NONE,
        /** Seven bits an element. */
        BYTES,
        /** Four bits an element. */
        NIBBLES,
        /** One bit an element. */
        SIGNS;

        /** The name that users read and write. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The kind of a {@link #label}.
         *
         * @throws ArbalestException INVALID_DEFINITION
         */
        public static Kind ofLabel(String label) {
            for (Kind kind : values()) {
                if (kind.label().equals(label)) {
                    return kind;
                }
            }
            throw invalid(
                    "unknown index.codes '" + label + "'",
                    "use auto, none, bytes, nibbles or signs");
        }
    }

    /** Where codes lie. */
    public enum Layout {
        /** As measured. */
        AUTO,
        /** Once a point. */
        BALANCED,
        /**
         * Those of its neighbours in each point's own block: read in one go, several times the
         * memory.
         */
        FAST;

        /** The name that users read and write. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The layout of a {@link #label}.
         *
         * @throws ArbalestException INVALID_DEFINITION
         */
        public static Layout ofLabel(String label) {
            for (Layout layout : values()) {
                if (layout.label().equals(label)) {
                    return layout;
                }
            }
            throw invalid("unknown index.layout '" + label + "'", "use auto, balanced or fast");
        }
    }

    /** Refuses what contradicts itself, with INVALID_DEFINITION. */
    public IndexCodes {
        boolean signs = kind == Kind.SIGNS;
        boolean others = !signs && kind != Kind.AUTO;
        if ((signs && layout == Layout.BALANCED) || (others && layout == Layout.FAST)) {
            throw invalid(
                    "index.codes " + kind.label() + " with index.layout " + layout.label(),
                    "the fast layout holds signs, the balanced one nibbles, bytes or none; set one"
                            + " of the two to auto");
        }
    }

    private static ArbalestException invalid(String what, String fix) {
        return new ArbalestException(ErrorCode.INVALID_DEFINITION, what + " is not allowed", fix);
    }
}
