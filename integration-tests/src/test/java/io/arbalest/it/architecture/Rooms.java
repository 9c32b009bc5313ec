package io.arbalest.it.architecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The compiled main classes of every room of the repository. Immutable. */
final class Rooms {
    static final JavaClasses ALL = read("connector", "index-service", "jobs");
    static final JavaClasses SERVICE = read("index-service");
    static final JavaClasses CONNECTOR = read("connector", "jobs");

    private Rooms() {}

    private static JavaClasses read(String... folders) {
        Path root = Path.of("..").toAbsolutePath().normalize();
        List<Path> classes =
                Stream.of(folders)
                        .flatMap(folder -> classFolders(root.resolve(folder)))
                        .filter(Files::isDirectory)
                        .toList();
        if (classes.isEmpty()) {
            throw new IllegalStateException(
                    "no compiled classes under " + root + "; run mvn verify from the root");
        }
        return new ClassFileImporter().importPaths(classes);
    }

    private static Stream<Path> classFolders(Path folder) {
        Path own = folder.resolve("target/classes");
        try (Stream<Path> children = Files.list(folder)) {
            return Stream.concat(
                    Stream.of(own),
                    children.map(child -> child.resolve("target/classes")).toList().stream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
