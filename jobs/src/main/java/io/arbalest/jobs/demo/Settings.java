package io.arbalest.jobs.demo;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What the demo was asked to do.
 *
 * @param records how many of the catalogue; at most all
 * @param rate rows a second to be put into the topic
 * @param nodes index nodes
 * @param dataDirectory kept afterwards; empty: a temporary one
 * @param firstPort of node-0 (flight, http and ratis are +0, +1, +2; node i is +10 i); empty: free
 *     ports
 * @param exit whether to end after the summary
 *     <p>Immutable.
 */
record Settings(
        int records,
        int rate,
        int nodes,
        Optional<Path> dataDirectory,
        Optional<Integer> firstPort,
        boolean exit,
        String collection) {
    /** Topic of the dead letters. */
    String deadLetterTopic() {
        return collection + ".dead-letter";
    }
}
