package io.arbalest.engine;

import java.util.List;

/**
 * What a shard's files hold together, as of one moment: from here and the log a restart arrives at
 * everything that was acknowledged. Rows that are in no sealed segment are read from the log again.
 *
 * @param generation counts the commit points of the shard, from 1
 * @param appliedSequenceNumber the metadata store held every row up to here durably when this was
 *     published
 * @param firstUnsealed rows appended to segments from this number on are in no file set
 * @param nextFileSet the next number for a file set; lower ones were used
 * @param segments the sealed segments
 */
record CommitPoint(
        long generation,
        long appliedSequenceNumber,
        int firstUnsealed,
        int nextFileSet,
        List<SealedFiles> segments) {
    /** Of a shard that has no rows. */
    static final CommitPoint FIRST = new CommitPoint(1, 0, 0, 1, List.of());

    /**
     * The files of one sealed segment.
     *
     * @param fileSet their directory's number
     * @param rows points in them
     * @param lastSequenceNumber at which the newest of the points was appended
     * @param origins to which segments the points were appended
     */
    record SealedFiles(int fileSet, int rows, long lastSequenceNumber, List<Origin> origins) {}

    /**
     * A segment that was growing once.
     *
     * @param segment its number
     * @param rows that were appended to it, dead ones included
     */
    record Origin(int segment, int rows) {}
}
