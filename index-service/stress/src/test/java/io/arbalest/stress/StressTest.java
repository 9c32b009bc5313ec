package io.arbalest.stress;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs all jcstress tests, in processes of their own. {@code -Dstress.mode=} {@code short} is part
 * of every build; {@code quick}, {@code default}, {@code tough} and {@code stress} are jcstress's
 * own, take minutes to hours and are run nightly.
 */
class StressTest {
    private static final String MODE = System.getProperty("stress.mode", "short");
    private static final String VM_FLAGS =
            "--add-modules=jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xlog:disable";

    @Test
    void nobodySeesWhatIsNotAllowed(@TempDir Path directory) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.add("org.openjdk.jcstress.Main");
        command.addAll(List.of("-jvmArgs", VM_FLAGS, "-r", directory.toString()));
        if (MODE.equals("short")) {
            // two processes a test, in which the compiler comes to the actors as it does in earnest
            command.addAll(List.of("-m", "quick", "-f", "1", "-fsm", "1", "-iters", "4"));
            command.addAll(List.of("-time", "400", "-sc", "false", "-af", "NONE"));
        } else {
            command.addAll(List.of("-m", MODE));
        }
        command.add("-v"); // names what passed
        Path output = directory.resolve("output.txt");
        Process process =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            boolean ended = process.waitFor(MODE.equals("short") ? 5 : 600, TimeUnit.MINUTES);
            String said = Files.readString(output);
            assertThat(ended).as(said).isTrue();
            assertThat(process.exitValue()).as(said).isZero();
            Set<String> tests = tests();
            assertThat(tests).hasSizeGreaterThanOrEqualTo(7);
            for (String test : tests) {
                assertThat(said).as("tests that ran").contains(test);
            }
            assertThat(said)
                    .containsPattern("Results: " + tests.size() + " planned; \\d+ passed, 0 failed")
                    .contains("Failed tests: No matches", "Error tests: No matches");
        } finally {
            process.destroyForcibly();
        }
    }

    /** The tests that jcstress is to run, as its processor listed them. */
    private static Set<String> tests() throws IOException {
        try (InputStream list = StressTest.class.getResourceAsStream("/META-INF/TestList")) {
            String text =
                    new String(
                            Objects.requireNonNull(list).readAllBytes(),
                            StandardCharsets.ISO_8859_1);
            Matcher names =
                    Pattern.compile("io\\.arbalest\\.[a-z]+\\.[A-Za-z]+Stress").matcher(text);
            Set<String> tests = new TreeSet<>();
            while (names.find()) {
                tests.add(names.group());
            }
            return tests;
        }
    }
}
