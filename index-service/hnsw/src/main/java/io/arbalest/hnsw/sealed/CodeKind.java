package io.arbalest.hnsw.sealed;

import io.arbalest.model.IndexCodes;

/** The compact codes that a packed graph holds beside its binary16 vectors. */
public enum CodeKind {
    /** No codes: walks score the vectors. Least memory. */
    NONE(0),
    /** Seven bits an element, once a point. */
    BYTES(1),
    /**
     * One bit an element of every neighbour, inside each point's block: the {@code fast} layout.
     */
    SIGNS(2),
    /** Four bits an element, once a point: half the memory and the traffic of {@link #BYTES}. */
    NIBBLES(4);

    private final int number;

    CodeKind(int number) {
        this.number = number;
    }

    /** Whether codes lie once a point, in one of the forms of {@link CodeForm}. */
    boolean oncePerPoint() {
        return this == BYTES || this == NIBBLES;
    }

    /** In the head; for codes once a point, one of those of {@link CodeForm}. */
    byte number() {
        return (byte) number;
    }

    /** The word for it. */
    public IndexCodes.Kind kind() {
        return IndexCodes.Kind.valueOf(name());
    }

    static CodeKind ofNumber(byte number) {
        for (CodeForm form : CodeForm.values()) {
            if (form.number() == number) {
                return form.kind();
            }
        }
        for (CodeKind kind : values()) {
            if (kind.number == number) {
                return kind;
            }
        }
        throw SealedGraphFormat.corrupt("codes " + number, "0 to 4");
    }
}
