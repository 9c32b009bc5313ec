package io.arbalest.benchmarks;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The inner product of binary16 rows as C intrinsics compute it ({@code cpp/half_dot.cpp}),
 * compiled for this very processor when it is asked for. A call scores a whole list, so that what
 * the call itself costs does not count.
 *
 * <p>Confined to one thread.
 */
final class NativeHalfDot {
    private final MethodHandle single;
    private final MethodHandle list;

    /**
     * Compiles and loads.
     *
     * @throws ArbalestException MISSING_RUNTIME if there is no compiler, PROCESS_FAILED if it fails
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
        if (!CppCompiler.isInstalled()) {
            throw new ArbalestException(
                    ErrorCode.MISSING_RUNTIME,
                    "C intrinsics: no " + CppCompiler.COMPILER + " on the path",
                    "apt install "
                            + CppCompiler.COMPILER
                            + ", or leave HalfDotNativeBenchmark out");
        }
        Path directory = Files.createTempDirectory("arbalest-half-dot");
        Path source = CppCompiler.unpack("half_dot.cpp", directory);
        Path library = directory.resolve("half_dot.so");
        for (Path file : List.of(directory, directory.resolve("compile.log"), source, library)) {
            file.toFile().deleteOnExit();
        }
        CppCompiler.compile(
                source,
                library,
                List.of("-shared", "-fPIC"),
                new CppCompiler.Failure("C intrinsics: half_dot.cpp does not compile", ""));
        return library;
    }
}
