package io.arbalest.it.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Imports go down only, never up, never sideways; each outside library has one importing room. */
class RoomsTest {
    /**
     * For every room, the rooms that it may import. A room that is missing here fails the build.
     */
    private static final Map<String, Set<String>> MAY_IMPORT =
            Map.ofEntries(
                    Map.entry("model", Set.of()),
                    Map.entry("protocol", Set.of("model")),
                    Map.entry("client", Set.of("model", "protocol")),
                    Map.entry("embedding", Set.of("model")),
                    Map.entry("flink", Set.of("model", "client")),
                    Map.entry("spark", Set.of("model", "client")),
                    Map.entry("cli", Set.of("model", "protocol", "client", "embedding")),
                    Map.entry("jobs", Set.of("model", "client", "embedding", "flink")),
                    Map.entry("common", Set.of("model")),
                    Map.entry("io", Set.of("common", "model")),
                    Map.entry("simd", Set.of("common", "model")),
                    Map.entry("memory", Set.of("common", "model", "io")),
                    Map.entry("wal", Set.of("common", "model", "io")),
                    Map.entry("metadata", Set.of("common", "model", "simd")),
                    Map.entry("hnsw", Set.of("common", "model", "io", "memory", "simd")),
                    Map.entry(
                            "engine",
                            Set.of(
                                    "common",
                                    "model",
                                    "io",
                                    "memory",
                                    "simd",
                                    "wal",
                                    "metadata",
                                    "hnsw")),
                    Map.entry("cluster", Set.of("common", "model", "io", "engine")),
                    Map.entry("flight", Set.of("common", "model", "engine", "protocol", "client")),
                    Map.entry(
                            "server",
                            Set.of(
                                    "common",
                                    "model",
                                    "io",
                                    "simd",
                                    "memory",
                                    "wal",
                                    "metadata",
                                    "hnsw",
                                    "engine",
                                    "cluster",
                                    "flight")),
                    Map.entry("testkit", Set.of("common", "model", "io")),
                    Map.entry(
                            "simulation",
                            Set.of(
                                    "common",
                                    "model",
                                    "io",
                                    "memory",
                                    "simd",
                                    "wal",
                                    "metadata",
                                    "hnsw",
                                    "engine",
                                    "cluster",
                                    "flight",
                                    "protocol",
                                    "client",
                                    "testkit")),
                    Map.entry(
                            "benchmarks",
                            Set.of(
                                    "common",
                                    "model",
                                    "io",
                                    "memory",
                                    "simd",
                                    "wal",
                                    "hnsw",
                                    "metadata",
                                    "engine",
                                    "client")));

    /** Outside packages and the only rooms that may name them. */
    private static final Map<String, Set<String>> SOLE_IMPORTERS =
            Map.ofEntries(
                    Map.entry("jdk.incubator.vector", Set.of("simd", "benchmarks")),
                    Map.entry("org.rocksdb", Set.of("metadata")),
                    Map.entry("org.roaringbitmap", Set.of("metadata")),
                    Map.entry("org.apache.ratis", Set.of("cluster")),
                    Map.entry("org.apache.arrow", Set.of("protocol", "client", "flight")),
                    Map.entry("io.prometheus", Set.of("server")),
                    Map.entry("org.apache.flink", Set.of("flink", "jobs")),
                    Map.entry("org.apache.kafka", Set.of("jobs")),
                    Map.entry("picocli", Set.of("cli", "jobs", "benchmarks")),
                    Map.entry("org.antlr", Set.of("protocol")),
                    Map.entry("org.apache.lucene", Set.of("benchmarks")),
                    Map.entry("io.github.jbellis", Set.of("benchmarks")));

    static Stream<String> rooms() {
        return presentRooms().stream();
    }

    static Stream<String> libraries() {
        return SOLE_IMPORTERS.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void aRoomImportsOnlyTheRoomsBelowIt(String room) {
        assertThat(MAY_IMPORT).as("every room has a line in the table").containsKey(room);
        Set<String> allowed = MAY_IMPORT.getOrDefault(room, Set.of());
        String[] forbidden =
                MAY_IMPORT.keySet().stream()
                        .filter(other -> !other.equals(room) && !allowed.contains(other))
                        .map(other -> "io.arbalest." + other + "..")
                        .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("io.arbalest." + room + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .allowEmptyShould(true) // a room may hold nothing but its package-info
                .check(Rooms.ALL);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryHasItsImportingRooms(String library) {
        String[] allowed =
                SOLE_IMPORTERS.getOrDefault(library, Set.of()).stream()
                        .map(room -> "io.arbalest." + room + "..")
                        .toArray(String[]::new);
        noClasses()
                .that()
                .resideOutsideOfPackages(allowed)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library + "..")
                .check(Rooms.ALL);
    }

    @Test
    void roomsAreFreeOfCycles() {
        slices().matching("io.arbalest.(*)..").should().beFreeOfCycles().check(Rooms.ALL);
    }

    @Test
    void onlyIoOpensFilesAndNativeFunctions() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.arbalest.io..", "io.arbalest.server..", "io.arbalest.benchmarks..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(FileChannel.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(RandomAccessFile.class)
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(Rooms.SERVICE);
    }

    /** Of io, the graph has instructions of the processor, and no files. */
    @Test
    void theGraphHasNoFiles() {
        noClasses()
                .that()
                .resideInAPackage("io.arbalest.hnsw..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.arbalest.io..")
                                .and(not(nameMatching(".*[.](MachineCode|Processor)([$].*)?"))))
                .check(Rooms.SERVICE);
    }

    @Test
    void onlyCommonReadsClocksAndStartsThreads() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.arbalest.common..", "io.arbalest.testkit..", "io.arbalest.benchmarks..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class, String.class)
                .orShould()
                .callConstructor(Random.class)
                .check(Rooms.SERVICE);
    }

    @Test
    void namesSayWhatAThingIs() {
        noClasses()
                .that()
                .resideInAPackage("io.arbalest..")
                .and()
                .areTopLevelClasses()
                .should()
                .haveNameMatching(".*(Util|Utils|Helper|Manager|Impl)$")
                .check(Rooms.ALL);
    }

    @Test
    void publicTypesOfTheFlinkConnectorSayHowStableTheyAre() {
        List<String> silent =
                Rooms.CONNECTOR.stream()
                        .filter(type -> type.getPackageName().startsWith("io.arbalest.flink"))
                        .filter(JavaClass::isTopLevelClass)
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .filter(type ->
                                type.getAnnotations().stream()
                                        .noneMatch(annotation ->
                                                annotation
                                                        .getRawType()
                                                        .getPackageName()
                                                        .equals("org.apache.flink.annotation")))
                        .map(JavaClass::getName)
                        .sorted()
                        .toList();
        assertThat(silent).as("public types without @PublicEvolving or @Internal").isEmpty();
    }

    @Test
    void everyRoomIsThere() {
        assertThat(presentRooms())
                .contains(
                        "model", "protocol", "client", "flink", "engine", "hnsw", "wal", "server");
    }

    private static Set<String> presentRooms() {
        Set<String> rooms = new TreeSet<>();
        for (JavaClass type : Rooms.ALL) {
            String[] parts = type.getPackageName().split("\\.", -1);
            if (parts.length >= 3 && parts[0].equals("io") && parts[1].equals("arbalest")) {
                rooms.add(parts[2]);
            }
        }
        return rooms;
    }
}
