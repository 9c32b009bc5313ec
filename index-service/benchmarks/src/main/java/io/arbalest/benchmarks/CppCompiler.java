package io.arbalest.benchmarks;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Compiles the C++ sources that lie in this jar under {@code cpp}, for the very processor that it
 * runs on.
 *
 * <p>Thread-safe: no state.
 */
public final class CppCompiler {
    /** The program that compiles, and the package that has it. */
    public static final String COMPILER = "g++";

    /** Options of every compilation. */
    public static final List<String> FLAGS =
            List.of("-O3", "-march=native", "-DNDEBUG", "-std=c++17", "-pthread");

    private static final int LIMIT_MINUTES = 5;

    private CppCompiler() {}

    /** Whether the compiler is installed. */
    public static boolean isInstalled() {
        String path = System.getenv("PATH");
        return path != null
                && Arrays.stream(path.split(File.pathSeparator, -1))
                        .anyMatch(part -> Files.isExecutable(Path.of(part, COMPILER)));
    }

    /** Copies a source into a directory, over one that is there, and returns where it is. */
    public static Path unpack(String source, Path directory) throws IOException {
        Path file = directory.resolve(source);
        try (InputStream in = CppCompiler.class.getResourceAsStream("/cpp/" + source)) {
            if (in == null) {
                throw new IOException("no /cpp/" + source + " in this jar");
            }
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
        }
        return file;
    }

    /**
     * Compiles a source; what it makes is there whole or not at all. What the compiler says is in
     * {@code compile.log} beside it.
     *
     * @param options that follow the source: libraries for example
     * @param failure what it means that this fails, and what may help, for people
     * @throws ArbalestException PROCESS_FAILED if it does not compile
     */
    public static void compile(Path source, Path made, List<String> options, Failure failure)
            throws IOException {
        Path partial = made.resolveSibling(made.getFileName() + ".partial");
        Path log = made.resolveSibling("compile.log");
        List<String> command = new ArrayList<>(List.of(COMPILER));
        command.addAll(FLAGS);
        command.addAll(List.of(source.toString(), "-o", partial.toString()));
        command.addAll(options);
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new ArbalestException(
                        ErrorCode.PROCESS_FAILED, failure.what, "see " + log + failure.hint);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling " + source, e);
        }
        Files.move(partial, made, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * What is said if a source does not compile.
     *
     * @param hint follows the place of the compiler's words; may be empty
     */
    public record Failure(String what, String hint) {}
}
