package io.arbalest.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.model.ArbalestException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

class WorkplaceTest {
    @TempDir Path directory = Path.of("");

    @Test
    void onlyOneDemoAtATime() throws IOException {
        Path home = directory.resolve("home");
        try (Workplace first = Workplace.open(home, Optional.empty())) {
            assertThat(first.data()).isDirectory();
            assertThatThrownBy(() -> Workplace.open(home, Optional.empty()))
                    .isInstanceOf(ArbalestException.class)
                    .hasMessageStartingWith("ARB-3006 another demo is running");
        }
        Workplace.open(home, Optional.empty()).close();
    }

    @Test
    void aTemporaryDirectoryIsRemovedAndANamedOneKept() throws IOException {
        Path home = directory.resolve("home");
        Workplace temporary = Workplace.open(home, Optional.empty());
        Files.createDirectories(temporary.data().resolve("node-0").resolve("data"));
        Files.writeString(temporary.data().resolve("node-0").resolve("node.log"), "x");
        Files.writeString(temporary.clusterFile(), "{}");
        assertThat(temporary.keepLogs().resolve("node.log")).hasContent("x");
        temporary.close();
        assertThat(temporary.data()).doesNotExist();
        assertThat(temporary.clusterFile()).doesNotExist();

        Path named = directory.resolve("named");
        Workplace kept = Workplace.open(home, Optional.of(named));
        Files.writeString(named.resolve("demo.log"), "x");
        kept.close();
        assertThat(named.resolve("demo.log")).exists();
        assertThatThrownBy(() -> Workplace.open(home, Optional.of(named)))
                .hasMessageStartingWith("ARB-4001 ")
                .hasMessageContaining("not empty");
        Workplace.open(home, Optional.empty()).close();
    }

    @Test
    void whatIsAddedAfterTheEndIsUndoneAtOnce() {
        StringBuilder undone = new StringBuilder();
        Cleanup cleanup = new Cleanup();
        cleanup.add(() -> undone.append('a'));
        cleanup.add(() -> undone.append('b'));
        cleanup.add(() -> {
            throw new IOException("on purpose");
        });
        cleanup.close();
        cleanup.add(() -> undone.append('c'));
        cleanup.close();
        assertThat(undone).hasToString("bac");
    }
}
