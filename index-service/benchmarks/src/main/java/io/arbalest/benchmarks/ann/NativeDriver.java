package io.arbalest.benchmarks.ann;

import io.arbalest.benchmarks.CppCompiler;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    private static final List<String> SHARED_SOURCES = List.of("driver.hpp");

    /** Whether the compiler and the peer are installed. */
    boolean isInstalled() {
        return Files.exists(header) && CppCompiler.isInstalled();
    }

    /**
     * The program; compiles it if its sources or the way to compile them have changed.
     *
     * @param directory where programs are kept
     * @throws ArbalestException MISSING_RUNTIME if the compiler or the package is missing
     */
    Path program(Path directory) throws IOException {
        if (!CppCompiler.isInstalled()) {
            throw missing("no " + CppCompiler.COMPILER + " on the path", CppCompiler.COMPILER);
        }
        if (!Files.exists(header)) {
            throw missing("no " + header, packages);
        }
        Path sources = Files.createDirectories(directory.resolve(system));
        CRC32 crc = new CRC32();
        crc.update((CppCompiler.FLAGS + "" + libraries + cpu()).getBytes(StandardCharsets.UTF_8));
        List<String> names = new ArrayList<>(SHARED_SOURCES);
        names.add(system + "_driver.cpp");
        for (String name : names) {
            Path file = CppCompiler.unpack(name, sources);
            crc.update(Files.readAllBytes(file));
        }
        Path program =
                sources.resolve(String.format(Locale.ROOT, "%s-%08x", system, crc.getValue()));
        if (!Files.isExecutable(program)) {
            CppCompiler.compile(
                    sources.resolve(system + "_driver.cpp"),
                    program,
                    libraries,
                    new CppCompiler.Failure(
                            system + ": its driver does not compile",
                            "; it is made for Debian 12's " + packages));
        }
        return program;
    }

    private ArbalestException missing(String what, String install) {
        return new ArbalestException(
                ErrorCode.MISSING_RUNTIME, system + ": " + what, "apt install " + install);
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
