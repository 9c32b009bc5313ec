package io.arbalest.benchmarks.report;

/** The form of the results on standard output. */
public enum ResultFormat {
    /** A header, then a line a row; RFC 4180. */
    CSV,
    /** One object a line. */
    JSON
}
