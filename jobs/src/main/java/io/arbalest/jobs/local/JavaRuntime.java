package io.arbalest.jobs.local;

import io.arbalest.model.ArbalestException;
import io.arbalest.model.ErrorCode;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A Java installation that child processes can be started with.
 *
 * @param home what JAVA_HOME would be
 */
public record JavaRuntime(Path home, Runtime.Version version) {
    /** The system property that names the JDK of the index nodes. */
    public static final String JDK25_PROPERTY = "arbalest.jdk25";

    /**
     * The least version that index nodes accept: earlier G1 may move a pinned array under a native
     * call (JDK-8377811).
     */
    public static final Runtime.Version NODE_MINIMUM = Runtime.Version.parse("25.0.3");

    private static final Logger LOG = LoggerFactory.getLogger(JavaRuntime.class);

    private static final List<Path> PLACES =
            List.of(
                    Path.of("/usr/lib/jvm"),
                    Path.of("/opt"),
                    Path.of("/opt/java"),
                    Path.of("/Library/Java/JavaVirtualMachines"),
                    Path.of(System.getProperty("user.home", "/"), ".sdkman", "candidates", "java"),
                    Path.of(System.getProperty("user.home", "/"), ".jdks"));

    /** The one that runs this code. */
    public static JavaRuntime current() {
        return new JavaRuntime(Path.of(System.getProperty("java.home")), Runtime.version());
    }

    /**
     * The JDK for index nodes: the system property {@value #JDK25_PROPERTY}, else the current one,
     * else {@code JAVA_HOME}, else the newest fitting one in the usual places.
     *
     * @throws ArbalestException MISSING_RUNTIME if there is none, or the property names something
     *     else
     */
    public static JavaRuntime forNodes() {
        String property = System.getProperty(JDK25_PROPERTY, "");
        if (!property.isEmpty()) {
            return at(Path.of(property))
                    .filter(JavaRuntime::fitsNodes)
                    .orElseThrow(() ->
                            missing(
                                    property
                                            + " (system property "
                                            + JDK25_PROPERTY
                                            + ") is no JDK 25.0.3 or later"));
        }
        if (fitsNodes(current())) {
            return current();
        }
        String javaHome = System.getenv().getOrDefault("JAVA_HOME", "");
        Optional<JavaRuntime> named = javaHome.isEmpty() ? Optional.empty() : at(Path.of(javaHome));
        return named.filter(JavaRuntime::fitsNodes)
                .or(() ->
                        installed().stream()
                                .filter(JavaRuntime::fitsNodes)
                                .max(Comparator.comparing(JavaRuntime::version)))
                .orElseThrow(
                        () -> missing("index nodes need a JDK 25.0.3 or later; none was found"));
    }

    /** The newest installation of this feature release, 17 for example. */
    public static Optional<JavaRuntime> ofFeature(int feature) {
        if (current().version().feature() == feature) {
            return Optional.of(current());
        }
        return installed().stream()
                .filter(runtime -> runtime.version().feature() == feature)
                .max(Comparator.comparing(JavaRuntime::version));
    }

    /** The installation in this directory, if there is one. */
    public static Optional<JavaRuntime> at(Path home) {
        Path release = home.resolve("release");
        if (!Files.isExecutable(home.resolve("bin").resolve("java"))
                || !Files.isRegularFile(release)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(release)) {
            properties.load(reader);
            String version = properties.getProperty("JAVA_VERSION", "").replace("\"", "");
            return Optional.of(new JavaRuntime(home, Runtime.Version.parse(version)));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The launcher. */
    public Path java() {
        return home.resolve("bin").resolve("java");
    }

    /**
     * Flags that a JVM with Arrow and Flink in it needs, and those that keep newer releases quiet
     * about Unsafe.
     */
    public List<String> flags() {
        List<String> flags = new ArrayList<>(List.of("--add-opens=java.base/java.nio=ALL-UNNAMED"));
        if (version.feature() >= 24) {
            flags.add("--sun-misc-unsafe-memory-access=allow");
            flags.add("--enable-native-access=ALL-UNNAMED");
        }
        return flags;
    }

    private static boolean fitsNodes(JavaRuntime runtime) {
        return runtime.version().feature() == NODE_MINIMUM.feature()
                && runtime.version().compareToIgnoreOptional(NODE_MINIMUM) >= 0;
    }

    private static List<JavaRuntime> installed() {
        List<JavaRuntime> found = new ArrayList<>();
        for (Path place : PLACES) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> children = Files.list(place)) {
                    children.flatMap(child ->
                                    Stream.of(child, child.resolve("Contents").resolve("Home")))
                            .forEach(child -> at(child).ifPresent(found::add));
                } catch (IOException e) {
                    LOG.debug("cannot list {}: no JDK is looked for there", place, e);
                }
            }
        }
        return found;
    }

    private static ArbalestException missing(String detail) {
        return new ArbalestException(
                ErrorCode.MISSING_RUNTIME,
                detail,
                "install a JDK 25 (25.0.3 or later) or pass -D" + JDK25_PROPERTY + "=/path/to/jdk");
    }
}
