package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.hnsw.sealed.CodeKind;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;
import io.arbalest.model.IndexCodes.Layout;

/**
 * The Java systems by name.
 *
 * <p>Thread-safe: no state.
 */
final class Drivers {
    private Drivers() {}

    static Driver of(DriverOptions options, MappedVectors base) {
        return switch (options.system()) {
            case "arbalest-growing" -> new GrowingDriver(options, base);
            case "arbalest" -> new SealedDriver(options, base, measured(Layout.AUTO));
            case "arbalest-balanced" -> new SealedDriver(options, base, measured(Layout.BALANCED));
            case "arbalest-fp16" -> always(options, base, CodeKind.NONE);
            case "arbalest-bytes" -> always(options, base, CodeKind.BYTES);
            case "arbalest-nibbles" -> always(options, base, CodeKind.NIBBLES);
            case "arbalest-fast" -> always(options, base, CodeKind.SIGNS);
            case "lucene" -> new LuceneDriver(options, base);
            case "jvector" -> new JvectorDriver(options, base);
            default ->
                    throw new ArbalestException(
                            ErrorCode.MALFORMED_REQUEST,
                            "no driver for " + options.system(),
                            "see arbalest bench ann --help for the systems");
        };
    }

    /** As a collection gets it that asks for a layout at most. */
    private static CodeRule measured(Layout layout) {
        IndexCodes wanted = new IndexCodes(IndexCodes.Kind.AUTO, layout);
        return CodeRule.of(wanted, HnswParams.DEFAULT.ef());
    }

    private static Driver always(DriverOptions options, MappedVectors base, CodeKind codes) {
        return new SealedDriver(options, base, CodeRule.always(codes));
    }
}
