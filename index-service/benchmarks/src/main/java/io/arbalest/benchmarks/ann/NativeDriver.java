package io.arbalest.benchmarks.ann;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * The program of a C++ peer, compiled from the sources in this jar when it is first asked for:
 * optimised for this machine, against the peer's development package of the system.
 *
 * <p>Immutable.
 *
 * @param system the name of the peer
 * @param header a file that is there if the package is installed
 * @param packages what to install
 * @param libraries to link with
 */
record NativeDriver(String system, Path header, String packages, List<String> libraries) {
    static final NativeDriver HNSWLIB =
            new NativeDriver(
                    "hnswlib",
                    Path.of("/usr/include/hnswlib/hnswlib.h"),
                    "libhnswlib-dev",
                    List.of());
    static final NativeDriver FAISS =
            new NativeDriver(
                    "faiss",
                    Path.of("/usr/include/faiss/IndexHNSW.h"),
                    "libfaiss-dev",
                    List.of("-fopenmp", "-lfaiss", "-llapack", "-lblas"));

    private static final String COMPILER = "g++";
    private static final List<String> FLAGS =
            List.of("-O3", "-march=native", "-DNDEBUG", "-std=c++17", "-pthread");
    private static final List<String> SHARED_SOURCES = List.of("driver.hpp");
    private static final int LIMIT_MINUTES = 5;

    /** Whether the compiler and the peer are installed. */
    boolean isInstalled() {
        return Files.exists(header) && compilerIsThere();
    }

    /**
     * The program; compiles it if its sources or the way to compile them have changed.
     *
     * @param directory where programs are kept
     * @throws ArbalestException MISSING_RUNTIME if the compiler or the package is missing
     */
    Path program(Path directory) throws IOException {
        if (!compilerIsThere()) {
            throw missing("no " + COMPILER + " on the path", COMPILER);
        }
        if (!Files.exists(header)) {
            throw missing("no " + header, packages);
        }
        Path sources = Files.createDirectories(directory.resolve(system));
        CRC32 crc = new CRC32();
        crc.update(
                (FLAGS + "" + libraries + cpu()).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>(SHARED_SOURCES);
        names.add(system + "_driver.cpp");
        for (String name : names) {
            Path file = sources.resolve(name);
            try (InputStream in = NativeDriver.class.getResourceAsStream("/cpp/" + name)) {
                if (in == null) {
                    throw new IOException("no /cpp/" + name + " in this jar");
                }
                Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            }
            crc.update(Files.readAllBytes(file));
        }
        Path program =
                sources.resolve(String.format(Locale.ROOT, "%s-%08x", system, crc.getValue()));
        if (!Files.isExecutable(program)) {
            compile(sources.resolve(system + "_driver.cpp"), program);
        }
        return program;
    }

    private void compile(Path source, Path program) throws IOException {
        Path partial = program.resolveSibling(program.getFileName() + ".partial");
        Path log = program.resolveSibling("compile.log");
        List<String> command = new ArrayList<>(List.of(COMPILER));
        command.addAll(FLAGS);
        command.addAll(List.of(source.toString(), "-o", partial.toString()));
        command.addAll(libraries);
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new ArbalestException(
                        ErrorCode.PROCESS_FAILED,
                        system + ": its driver does not compile",
                        "see " + log + "; it is made for Debian 12's " + packages);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling " + source, e);
        }
        Files.move(partial, program, StandardCopyOption.REPLACE_EXISTING);
    }

    private ArbalestException missing(String what, String install) {
        return new ArbalestException(
                ErrorCode.MISSING_RUNTIME, system + ": " + what, "apt install " + install);
    }

    private static boolean compilerIsThere() {
        String path = System.getenv("PATH");
        return path != null
                && java.util.Arrays.stream(path.split(java.io.File.pathSeparator, -1))
                        .anyMatch(part -> Files.isExecutable(Path.of(part, COMPILER)));
    }

    /** What {@code -march=native} depends on: a program made for another machine would crash. */
    private static String cpu() throws IOException {
        Path info = Path.of("/proc/cpuinfo");
        return Files.exists(info)
                ? Files.readAllLines(info).stream()
                        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
                        .findFirst()
                        .orElse("")
                : "";
    }
}
