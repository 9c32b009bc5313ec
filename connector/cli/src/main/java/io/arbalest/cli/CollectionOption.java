package io.arbalest.cli;

import picocli.CommandLine.Option;

import java.util.Optional;

/** Names the collection of a command that reads or writes points. */
final class CollectionOption {
    @Option(
            names = {"-c", "--collection"},
            paramLabel = "NAME",
            description = "default: the demo's collection, or the only one there is")
    Optional<String> name = Optional.empty();
}
