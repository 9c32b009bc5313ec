package io.arbalest.jobs.demo;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * The demo's output: lines that stay, and below them one line that is refreshed. On a terminal the
 * live line is drawn over itself; elsewhere it is printed as a plain line every two seconds.
 *
 * <p>Thread-safe.
 */
final class Screen {
    private static final Duration PLAIN_INTERVAL = Duration.ofSeconds(2);
    private static final String ERASE_LINE = "\r\u001b[2K";

    private final PrintStream out;
    private final boolean terminal;
    private final int columns;
    private final long begin = System.nanoTime();
    private String live = "";
    private long lastPlain;
    private boolean muted;

    /**
     * @param terminal whether {@code out} is one
     * @param columns its width
     */
    Screen(PrintStream out, boolean terminal, int columns) {
        this.out = out;
        this.terminal = terminal;
        this.columns = columns;
    }

    /** Seconds since the demo began. */
    double elapsedSeconds() {
        return (System.nanoTime() - begin) / 1e9;
    }

    /** A line that stays. */
    synchronized void line(String text) {
        if (muted) {
            return;
        }
        if (terminal && !live.isEmpty()) {
            out.print(ERASE_LINE);
        }
        out.println(text);
        if (terminal && !live.isEmpty()) {
            out.print(live);
        }
        out.flush();
    }

    /** A step that is done, with the time since the beginning. */
    void step(String name, String detail) {
        line(String.format(Locale.ROOT, "  %-17s %-62s %6.1f s", name, detail, elapsedSeconds()));
    }

    /** What is going on; replaces what was said before. */
    synchronized void live(String text) {
        if (muted) {
            return;
        }
        if (terminal) {
            live = text.length() < columns ? text : text.substring(0, Math.max(0, columns - 1));
            out.print(ERASE_LINE + live);
            out.flush();
        } else if (System.nanoTime() - lastPlain >= PLAIN_INTERVAL.toNanos()) {
            lastPlain = System.nanoTime();
            out.println(text);
            out.flush();
        }
    }

    /** Removes the live line. */
    synchronized void endLive() {
        if (terminal && !live.isEmpty() && !muted) {
            out.print(ERASE_LINE);
            out.flush();
        }
        live = "";
    }

    /** Says this and nothing more: what fails while everything is being stopped is no news. */
    synchronized void lastWord(String text) {
        endLive();
        line(text);
        muted = true;
    }
}
