package io.arbalest.hnsw.sealed;

/**
 * The codes that a packed graph got, and why.
 *
 * @param codes what walks score by
 * @param reason for the log: what was asked for or measured
 */
public record CodeChoice(CodeKind codes, String reason) {}
