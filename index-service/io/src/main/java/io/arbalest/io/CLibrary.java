package io.arbalest.io;

import static java.lang.foreign.ValueLayout.ADDRESS;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;

/**
 * Functions of the C library of a 64-bit Linux.
 *
 * <p>Thread-safe: no state.
 */
final class CLibrary {
    private CLibrary() {}

    /** Whether the types of the manual pages are those of this system. */
    static boolean isKnown() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")
                && ADDRESS.byteSize() == 8;
    }

    /**
     * A function, or null on another system and where native access is not enabled.
     *
     * @param type of the manual page
     * @param without what is so without the function, for the log
     */
    @SuppressWarnings("restricted") // the types are those of the manual pages
    static @Nullable MethodHandle function(
            String name, FunctionDescriptor type, String without, Linker.Option... options) {
        if (!isKnown()) {
            return null;
        }
        try {
            Linker linker = Linker.nativeLinker();
            Optional<MemorySegment> address = linker.defaultLookup().find(name);
            return address.map(found -> linker.downcallHandle(found, type, options)).orElse(null);
        } catch (IllegalCallerException | UnsupportedOperationException e) {
            System.getLogger(CLibrary.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "{0}: {1}. Fix: start java with --enable-native-access=ALL-UNNAMED",
                            without,
                            e.getMessage());
            return null;
        }
    }
}
