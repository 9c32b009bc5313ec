package io.arbalest.io.uring;

import java.io.IOException;

/**
 * io_uring cannot be used here. The message is one line that names what was refused and why; {@link
 * #remedy} is another that says what to change.
 */
public final class UringRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String remedy;

    UringRefusedException(String message, String remedy) {
        super(message);
        this.remedy = remedy;
    }

    /** What to change, as a person would be told. */
    public String remedy() {
        return remedy;
    }
}
