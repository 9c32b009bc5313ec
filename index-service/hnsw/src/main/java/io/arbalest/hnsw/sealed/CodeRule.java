package io.arbalest.hnsw.sealed;

/**
 * Which codes a packed graph gets unless the caller says: bytes, whatever the dimension.
 *
 * <p>Codes of seven bits lose no recall that the exact second look at the best points does not give
 * back, at any k. One-bit codes read less, but their estimates err by about {@code |r||q - c| /
 * sqrt(dimension)}: at k = 10 and 768 elements that is made up for by expanding more points; at k =
 * 100 it is not, so they are for callers that know their k.
 *
 * <p>Thread-safe: no state.
 */
public final class CodeRule {
    private CodeRule() {}

    /** The codes of a graph whose packer was not told any. */
    public static CodeKind choose() {
        return CodeKind.BYTES;
    }
}
