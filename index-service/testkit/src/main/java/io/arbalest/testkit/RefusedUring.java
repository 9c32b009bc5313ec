package io.arbalest.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Runs a process in which io_uring is refused by a seccomp filter, as container runtimes do. The
 * launcher is a page of C that is compiled when it is needed.
 *
 * <p>Immutable.
 */
public final class RefusedUring {
    private static final String SOURCE = "refuse-io-uring.c";
    private static final long COMPILE_SECONDS = 60;

    private final Path launcher;

    private RefusedUring(Path launcher) {
        this.launcher = launcher;
    }

    /**
     * Compiles the launcher into the directory; empty if this machine has no C compiler.
     *
     * @throws IOException if the compiler does not take it
     */
    public static Optional<RefusedUring> compile(Path directory)
            throws IOException, InterruptedException {
        Path source = directory.resolve(SOURCE);
        try (InputStream resource = RefusedUring.class.getResourceAsStream(SOURCE)) {
            if (resource == null) {
                throw new IOException("no resource " + SOURCE);
            }
            Files.write(source, resource.readAllBytes());
        }
        Path launcher = directory.resolve("refuse-io-uring");
        Process compiler;
        try {
            compiler =
                    new ProcessBuilder(
                                    "gcc",
                                    "-O1",
                                    "-Wall",
                                    "-Werror",
                                    "-o",
                                    launcher.toString(),
                                    source.toString())
                            .inheritIO()
                            .start();
        } catch (IOException e) {
            return Optional.empty();
        }
        if (!compiler.waitFor(COMPILE_SECONDS, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
            compiler.destroyForcibly();
            throw new IOException("gcc does not compile " + source);
        }
        return Optional.of(new RefusedUring(launcher));
    }

    /** The command line that runs {@code command} with io_uring refused by this error number. */
    public List<String> command(int errno, List<String> command) {
        List<String> all = new ArrayList<>();
        all.add(launcher.toString());
        all.add(Integer.toString(errno));
        all.addAll(command);
        return all;
    }
}
