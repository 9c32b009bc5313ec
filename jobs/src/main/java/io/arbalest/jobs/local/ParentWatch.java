package io.arbalest.jobs.local;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * Runs another main class and ends this JVM when standard input ends, that is, when the parent is
 * gone however it went. The arguments are the class and its arguments. Uses nothing but the JDK, so
 * that it can stand on any class path.
 *
 * <p>Thread-safe: no state.
 */
public final class ParentWatch {
    /** Exit code of a child that lost its parent. */
    public static final int EXIT_ORPHANED = 143;

    private ParentWatch() {}

    /** {@code ParentWatch <main class> <arguments>...} */
    public static void main(String[] arguments) throws Throwable {
        watch();
        try {
            Class.forName(arguments[0])
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) Arrays.copyOfRange(arguments, 1, arguments.length));
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static void watch() {
        Thread watcher = new Thread(ParentWatch::haltAtEndOfInput, "parent-watch");
        watcher.setDaemon(true);
        watcher.start();
    }

    private static void haltAtEndOfInput() {
        byte[] ignored = new byte[256];
        try {
            while (System.in.read(ignored) >= 0) {
                // only the end matters
            }
        } catch (IOException e) {
            // a broken pipe is an end too
        }
        Runtime.getRuntime().halt(EXIT_ORPHANED);
    }
}
