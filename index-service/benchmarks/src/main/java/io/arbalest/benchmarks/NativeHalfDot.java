package io.arbalest.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The inner product of binary16 rows as C intrinsics compute it ({@code cpp/half_dot.cpp}),
 * compiled for this very processor when it is asked for. A call scores a whole list, so that what
 * the call itself costs does not count.
 *
 * <p>Confined to one thread.
 */
final class NativeHalfDot {
    private static final List<String> COMMAND =
            List.of("g++", "-O3", "-march=native", "-DNDEBUG", "-std=c++17", "-shared", "-fPIC");
    private static final int LIMIT_SECONDS = 120;

    private final MethodHandle single;
    private final MethodHandle list;

    /**
     * Compiles and loads.
     *
     * @throws ArbalestException MISSING_RUNTIME if there is no compiler, or it fails
     */
    @SuppressWarnings("restricted") // calls half_dot.cpp by its very declarations
    NativeHalfDot(Arena arena) throws IOException {
        SymbolLookup library = SymbolLookup.libraryLookup(compiled(), arena);
        FunctionDescriptor form =
                FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
        Linker linker = Linker.nativeLinker();
        single = linker.downcallHandle(library.findOrThrow("half_dots_single"), form);
        list = linker.downcallHandle(library.findOrThrow("half_dots_list"), form);
    }

    /** Scores one row after the other. */
    void single(MemorySegment rows, int count, MemorySegment query, int dimension, MemorySegment to)
            throws Throwable {
        single.invokeExact(rows, 2L * dimension, count, query, dimension, to);
    }

    /** Scores four rows in lockstep; {@code count} is a multiple of four. */
    void list(MemorySegment rows, int count, MemorySegment query, int dimension, MemorySegment to)
            throws Throwable {
        list.invokeExact(rows, 2L * dimension, count, query, dimension, to);
    }

    private static Path compiled() throws IOException {
        Path directory = Files.createTempDirectory("arbalest-half-dot");
        Path source = directory.resolve("half_dot.cpp");
        Path library = directory.resolve("half_dot.so");
        for (Path file : List.of(directory, source, library)) {
            file.toFile().deleteOnExit();
        }
        try (InputStream in = NativeHalfDot.class.getResourceAsStream("/cpp/half_dot.cpp")) {
            if (in == null) {
                throw new IOException("no /cpp/half_dot.cpp in this jar");
            }
            Files.copy(in, source);
        }
        ProcessBuilder builder = new ProcessBuilder(COMMAND);
        builder.command().addAll(List.of(source.toString(), "-o", library.toString()));
        try {
            Process process = builder.inheritIO().start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw missing(String.join(" ", builder.command()) + " failed");
            }
        } catch (IOException e) {
            throw missing(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling " + source, e);
        }
        return library;
    }

    private static ArbalestException missing(String what) {
        return new ArbalestException(
                ErrorCode.MISSING_RUNTIME,
                "C intrinsics: " + what,
                "apt install g++, or leave HalfDotNativeBenchmark out");
    }
}
