package io.arbalest.jobs.local;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a built check-out keeps what child processes are started from: class paths and the nodes'
 * JVM flags.
 *
 * @param root the directory of the root pom
 */
public record Repository(Path root) {
    /** The system property that names the root; without it, it is searched upwards from here. */
    public static final String ROOT_PROPERTY = "arbalest.repository";

    private static final Path SERVER = Path.of("index-service", "server");
    private static final Path JVM_FLAGS =
            SERVER.resolve(Path.of("src", "main", "jvm", "node.jvmflags"));

    /**
     * The check-out that the property {@value #ROOT_PROPERTY} names, or that the working directory
     * or this class lies in.
     *
     * @throws ArbalestException PROCESS_FAILED if there is none
     */
    public static Repository find() {
        String property = System.getProperty(ROOT_PROPERTY, "");
        if (!property.isEmpty()) {
            return new Repository(Path.of(property).toAbsolutePath().normalize());
        }
        for (Path start : List.of(Path.of("").toAbsolutePath(), codeSource())) {
            for (@Nullable Path at = start; at != null; at = at.getParent()) {
                if (Files.isRegularFile(at.resolve(SERVER).resolve("pom.xml"))) {
                    return new Repository(at);
                }
            }
        }
        throw new ArbalestException(
                ErrorCode.PROCESS_FAILED,
                "no check-out of Arbalest at or above " + Path.of("").toAbsolutePath(),
                "run from inside it, or pass -D" + ROOT_PROPERTY + "=/path/to/it");
    }

    /** The class path of an index node. */
    public String serverClassPath() {
        return moduleClassPath(SERVER, "arbalest-server-");
    }

    /** Flags of a node's JVM, from the server's own file. */
    public List<String> nodeFlags() {
        Path file = root.resolve(JVM_FLAGS);
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw notBuilt("cannot read " + file, e);
        }
    }

    /**
     * The class path of jobs: that of this JVM if a broker and a job can run from it, else that of
     * the build.
     */
    static String jobsClassPath() {
        if (Repository.class.getResource("/kafka/Kafka.class") != null) {
            return absolute(System.getProperty("java.class.path"));
        }
        return find().moduleClassPath(Path.of("jobs"), "arbalest-jobs-");
    }

    /** The jar or directory that this class came from. */
    static Path codeSource() {
        try {
            return Path.of(
                    Objects.requireNonNull(Repository.class.getProtectionDomain().getCodeSource())
                            .getLocation()
                            .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private String moduleClassPath(Path module, String jarPrefix) {
        Path target = root.resolve(module).resolve("target");
        Path list = target.resolve("runtime.classpath");
        try (Stream<Path> files = Files.list(target)) {
            Path own =
                    files.filter(file -> isJar(file, jarPrefix))
                            .findFirst()
                            .orElse(target.resolve("classes"));
            return own + File.pathSeparator + Files.readString(list).strip();
        } catch (IOException e) {
            throw notBuilt("cannot read " + list, e);
        }
    }

    private static boolean isJar(Path file, String prefix) {
        String name = file.getFileName().toString();
        return name.startsWith(prefix)
                && name.endsWith(".jar")
                && !name.endsWith("-flink.jar")
                && !name.endsWith("-sources.jar")
                && !name.endsWith("-tests.jar");
    }

    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static ArbalestException notBuilt(String detail, IOException cause) {
        return new ArbalestException(
                ErrorCode.PROCESS_FAILED,
                detail,
                "build first: mvn -Dquick -DskipTests package",
                cause);
    }
}
