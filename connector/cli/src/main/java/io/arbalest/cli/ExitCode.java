package io.arbalest.cli;

import io.arbalest.model.ErrorCode;

/** Exit codes of every command. They are part of the interface: scripts rely on them. */
final class ExitCode {
    /** Everything that was asked for was done. */
    static final int OK = 0;

    /** The command was understood and failed, or a part of its input was refused. */
    static final int FAILED = 1;

    /** The command was not understood. */
    static final int USAGE = 2;

    /** No node answered. */
    static final int UNREACHABLE = 3;

    /** An answer came, but not from every shard. */
    static final int PARTIAL = 4;

    private ExitCode() {}

    static int of(ErrorCode code) {
        return switch (code) {
            case UNREACHABLE, METADATA_UNAVAILABLE -> UNREACHABLE;
            default -> FAILED;
        };
    }
}
