package io.arbalest.benchmarks.ann.driver;

import io.arbalest.benchmarks.data.MappedVectors;
import io.arbalest.hnsw.sealed.CodeKind;
import io.arbalest.hnsw.sealed.CodeRule;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;
import io.arbalest.model.HnswParams;
import io.arbalest.model.IndexCodes;

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
            case "arbalest" -> new SealedDriver(options, base, asMeasured());
            case "arbalest-fp16" -> new SealedDriver(options, base, CodeRule.always(CodeKind.NONE));
            case "arbalest-balanced" ->
                    new SealedDriver(options, base, CodeRule.always(CodeKind.BYTES));
            case "arbalest-fast" ->
                    new SealedDriver(options, base, CodeRule.always(CodeKind.SIGNS));
            case "lucene" -> new LuceneDriver(options, base);
            case "jvector" -> new JvectorDriver(options, base);
            default ->
                    throw new ArbalestException(
                            ErrorCode.MALFORMED_REQUEST,
                            "no driver for " + options.system(),
                            "see arbalest bench ann --help for the systems");
        };
    }

    /** As a collection gets it that asks for nothing. */
    private static CodeRule asMeasured() {
        return CodeRule.of(IndexCodes.AUTO, HnswParams.DEFAULT.ef());
    }
}
