package io.arbalest.model;

/**
 * The stable, documented number of everything that can be refused or fail. A code never changes its
 * meaning; new codes are added. The hundreds digit names the area: 1xxx input, 2xxx state of the
 * cluster, 3xxx storage, 4xxx tools and jobs.
 *
 * <p>Immutable.
 */
public enum ErrorCode {
    // 10xx: malformed requests
    MALFORMED_REQUEST(1001, false),
    UNSUPPORTED_FORMAT_VERSION(1002, false),
    SCHEMA_MISMATCH(1003, false),
    LIMIT_EXCEEDED(1004, false),
    // 11xx: rows
    DIMENSION_MISMATCH(1101, false),
    VECTOR_NOT_FINITE(1102, false),
    VECTOR_OUT_OF_RANGE(1103, false),
    VECTOR_ZERO(1104, false),
    VECTOR_MISSING(1105, false),
    KEY_MISSING(1106, false),
    KEY_TOO_LONG(1107, false),
    KEY_TYPE_MISMATCH(1108, false),
    VALUE_TYPE_MISMATCH(1109, false),
    VALUE_MISSING(1110, false),
    UNKNOWN_OPERATION(1111, false),
    VERSION_BELOW_HORIZON(1112, false),
    VERSION_CONFLICT(1113, false),
    VALUE_NOT_JSON(1114, false),
    // 12xx: queries and filters
    UNKNOWN_FIELD(1201, false),
    FILTER_SYNTAX(1202, false),
    FILTER_TYPE_MISMATCH(1203, false),
    NO_KNOWN_WORD(1204, false),
    FIELD_NOT_INDEXED(1205, false),
    FILTER_MISSING(1206, false),
    // 13xx: collections
    UNKNOWN_COLLECTION(1301, false),
    COLLECTION_EXISTS(1302, false),
    INVALID_DEFINITION(1303, false),
    STALE_INCARNATION(1304, true),
    FIELD_EXISTS(1305, false),
    // 20xx: routing and ownership
    NOT_OWNER(2001, true),
    WRONG_TERM(2002, true),
    WRITER_FENCED(2003, false),
    OUT_OF_ORDER(2004, false),
    SHARD_NOT_READY(2005, true),
    // 21xx: load and availability
    OVERLOADED(2101, true),
    UNREACHABLE(2102, true),
    DEADLINE_EXCEEDED(2103, true),
    TOKEN_TIMEOUT(2104, true),
    METADATA_UNAVAILABLE(2105, true),
    SHUTTING_DOWN(2106, true),
    CUT_EXPIRED(2107, true),
    // 30xx: storage
    LOG_FAILED(3001, false),
    LOG_CORRUPT(3002, false),
    DISK_FULL(3003, true),
    IO_FAILED(3004, false),
    STORE_FAILED(3005, false),
    DIRECTORY_IN_USE(3006, false),
    SEGMENT_CORRUPT(3007, false),
    IO_URING_REFUSED(3008, false),
    // 40xx: tools, jobs, configuration
    INVALID_CONFIGURATION(4001, false),
    PORT_IN_USE(4002, false),
    MISSING_RUNTIME(4003, false),
    PROCESS_FAILED(4004, false),
    RECORD_NOT_JSON(4101, false),
    RECORD_FIELD_MISSING(4102, false),
    RECORD_FIELD_TYPE(4103, false),
    INTERNAL(9001, false);

    private final int number;
    private final boolean retryable;

    ErrorCode(int number, boolean retryable) {
        this.number = number;
        this.retryable = retryable;
    }

    /** The number in {@code ARB-1101}. */
    public int number() {
        return number;
    }

    /** Whether the same call may succeed later without being changed. */
    public boolean retryable() {
        return retryable;
    }

    /** The text that users see and search for, for example {@code ARB-1101}. */
    public String label() {
        return "ARB-" + number;
    }

    /** The code with this number, or {@link #INTERNAL} for a number of a newer release. */
    public static ErrorCode ofNumber(int number) {
        for (ErrorCode code : values()) {
            if (code.number == number) {
                return code;
            }
        }
        return INTERNAL;
    }
}
