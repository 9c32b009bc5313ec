package io.arbalest.client;

/**
 * What a write returns: a search or get that carries it sees the write, or says that it timed out.
 *
 * @param bytes opaque
 */
public record Token(byte[] bytes) {
    @Override
    public boolean equals(Object other) {
        return other instanceof Token token && java.util.Arrays.equals(bytes, token.bytes);
    }

    @Override
    public int hashCode() {
        return java.util.Arrays.hashCode(bytes);
    }
}
