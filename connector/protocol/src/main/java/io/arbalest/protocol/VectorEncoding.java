package io.arbalest.protocol;

/** How the components of a vector column are encoded. Both are little-endian. */
public enum VectorEncoding {
    /** IEEE 754 binary16: what is stored, and what writers should send. */
    FLOAT16(2),
    /**
     * IEEE 754 binary32: rounded to binary16 by the reader; used for queries and by writers that
     * have no half type.
     */
    FLOAT32(4);

    private final int bytes;

    VectorEncoding(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one component. */
    public int bytes() {
        return bytes;
    }
}
