package io.arbalest.wal;

import java.nio.file.Path;

/**
 * What a damaged log loses if it ends before its damage. The bound is what the damaged log still
 * says of itself: rows after {@code lastKnown} can have been acknowledged only within the mark
 * delay before the log was last written.
 *
 * <p>Immutable.
 *
 * @param file in which the undamaged part ends
 * @param offset at which it ends there
 * @param firstLost sequence number of the first row that is lost
 * @param lastKnown the highest row that is known to have been written; {@code firstLost - 1} if
 *     none of the lost is
 * @param intactRecords records behind the damage whose headers are undamaged
 * @param bytes from the end of the undamaged part to the end of what was written, over all files
 */
public record LogLoss(
        Path file, long offset, long firstLost, long lastKnown, int intactRecords, long bytes) {
    @Override
    public String toString() {
        String rows =
                lastKnown < firstLost
                        ? "no row that is known to have been written"
                        : "rows "
                                + firstLost
                                + " to "
                                + lastKnown
                                + " ("
                                + (lastKnown - firstLost + 1)
                                + " sequence numbers, "
                                + intactRecords
                                + " intact records, "
                                + bytes
                                + " bytes)";
        return rows
                + ", and what may have been acknowledged after row "
                + Math.max(lastKnown, firstLost - 1)
                + " in the last moment before the log was left";
    }
}
