package io.arbalest.io;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ProcessorTest {
    @Test
    @EnabledIfSystemProperty(named = "os.arch", matches = MachineCode.X86_64)
    @EnabledIfSystemProperty(named = "os.name", matches = "Linux")
    void saysWhatTheKernelSays() throws IOException {
        List<String> flags =
                Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                        .filter(line -> line.startsWith("flags"))
                        .findFirst()
                        .map(line -> List.of(line.split("\\s+")))
                        .orElseThrow();

        assertThat(Processor.has(Processor.Feature.VNNI_512))
                .isEqualTo(
                        flags.containsAll(
                                List.of("avx512f", "avx512bw", "avx512vl", "avx512_vnni")));
    }
}
