package io.arbalest.benchmarks.ann;

/**
 * What {@code bench ann} and the process of a system say to each other, in lines of text.
 *
 * <p>The process is started with {@code name=value} arguments: system, base, query (unpacked fvecs
 * files), metric, m, ef-construction, threads, k, index (a directory to keep the index in, or
 * empty), reuse (true: open what is kept there, false: build). It builds, and says
 *
 * <pre>
 *   &#64;ready BUILD_CPU_NS BUILD_WALL_NS INDEX_BYTES
 * </pre>
 *
 * <p>Then it answers, line by line, until {@code quit} or the end of its input:
 *
 * <pre>
 *   search EF FIRST COUNT SLICE    queries FIRST .. FIRST + COUNT - 1, modulo their number, in slices of SLICE
 *     &#64;turn (CPU_NS WALL_NS) for each slice     CPU of the whole process
 *     &#64;latency NS for each query
 *     &#64;found ROW for each of the k results of each query, -1 where there is none
 *   rss                            resident memory
 *     &#64;rss KIB
 * </pre>
 *
 * <p>Instead of any answer it may say {@code @failed} and a message, and end. Lines that do not
 * start with {@code @} are ignored.
 */
public final class DriverProtocol {
    /** Built or opened. */
    public static final String READY = "@ready";

    /** Times of a turn's slices. */
    public static final String TURN = "@turn";

    /** Times of a turn's queries. */
    public static final String LATENCY = "@latency";

    /** Results of a turn. */
    public static final String FOUND = "@found";

    /** Resident memory. */
    public static final String RSS_ANSWER = "@rss";

    /** The system gave up. */
    public static final String FAILED = "@failed";

    /** Runs a turn. */
    public static final String SEARCH = "search";

    /** Asks for resident memory. */
    public static final String RSS = "rss";

    /** Ends the process. */
    public static final String QUIT = "quit";

    private DriverProtocol() {}
}
