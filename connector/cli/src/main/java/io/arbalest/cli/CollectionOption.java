package io.arbalest.cli;

import java.util.Optional;
import picocli.CommandLine.Option;

/** Names the collection of a command that reads or writes points. */
final class CollectionOption {
    @Option(
            names = {"-c", "--collection"},
            paramLabel = "NAME",
            description = "default: the demo's collection, or the only one there is")
    Optional<String> name = Optional.empty();
}
