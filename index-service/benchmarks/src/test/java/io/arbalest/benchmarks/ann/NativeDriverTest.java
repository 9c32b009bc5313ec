package io.arbalest.benchmarks.ann;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arbalest.model.ArbalestException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;

class NativeDriverTest {
    @TempDir Path directory = Path.of("");

    @Test
    void saysInOneLineWhatToInstall() {
        assumeTrue(NativeDriver.HNSWLIB.isInstalled(), "no compiler");
        NativeDriver driver =
                new NativeDriver(
                        "hnswlib", directory.resolve("absent.h"), "libhnswlib-dev", List.of());
        assertThatThrownBy(() -> driver.program(directory))
                .isInstanceOf(ArbalestException.class)
                .hasMessageStartingWith("ARB-4003 hnswlib: no ")
                .hasMessageEndingWith("Fix: apt install libhnswlib-dev")
                .hasMessageNotContaining("\n");
    }

    @Test
    void saysWhereTheCompilersMessagesAre() {
        assumeTrue(NativeDriver.HNSWLIB.isInstalled(), "no compiler");
        NativeDriver driver =
                new NativeDriver(
                        "hnswlib",
                        NativeDriver.HNSWLIB.header(),
                        "libhnswlib-dev",
                        List.of("-lno-such-library"));
        assertThatThrownBy(() -> driver.program(directory))
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining("ARB-4004 hnswlib: its driver does not compile")
                .hasMessageContaining("compile.log");
    }
}
