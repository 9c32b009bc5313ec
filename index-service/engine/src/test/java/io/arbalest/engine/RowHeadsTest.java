package io.arbalest.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arbalest.io.SectionFile;
import io.arbalest.metadata.InMemoryStore;
import io.arbalest.metadata.MetadataBatch;
import io.arbalest.metadata.MetadataCodec;
import io.arbalest.metadata.ShardMetadata;
import io.arbalest.metadata.ShardMetadata.Location;
import io.arbalest.model.ArbalestException;
import io.arbalest.model.CollectionDefinition;
import io.arbalest.model.HnswParams;
import io.arbalest.model.KeyType;
import io.arbalest.model.Metric;
import io.arbalest.model.PointKey;
import io.arbalest.model.Version;
import io.arbalest.testkit.SimDisk;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** Keys and versions beside a sealed graph: their bytes, and what is read back. */
final class RowHeadsTest {
    private static final @Nullable Object[] NONE = new @Nullable Object[0];
    private static final List<String> KEYS =
            List.of("a", "eight888", "nine99999", "é", "a key that is longer than all others");

    private static ShardMetadata metadata() {
        CollectionDefinition definition =
                new CollectionDefinition(
                        "things",
                        new UUID(1, 2),
                        KeyType.STRING,
                        2,
                        Metric.L2,
                        HnswParams.DEFAULT,
                        List.of(),
                        1,
                        1);
        ShardMetadata metadata = new ShardMetadata(new InMemoryStore(), definition);
        MetadataBatch batch = metadata.begin();
        for (int i = 0; i < KEYS.size(); i++) {
            batch.upsert(
                    PointKey.of(KEYS.get(i)),
                    Location.ofRow(version(i), i + 1L, i % 2, 10 + i),
                    MetadataCodec.encode(List.of(), NONE),
                    NONE);
        }
        batch.commit(KEYS.size());
        return metadata;
    }

    private static Version version(int i) {
        return new Version(i, 1000L + i, -i);
    }

    /** In another order than the store has them. */
    private static long[] names() {
        long[] names = new long[KEYS.size()];
        for (int i = 0; i < names.length; i++) {
            int row = names.length - 1 - i;
            names[i] = RowName.of(row % 2, 10 + row);
        }
        return names;
    }

    @Test
    void writesTheGoldenBytesAndReadsThem() throws IOException {
        List<SectionFile.Section> sections = new RowHeads(metadata(), names()).sections();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (SectionFile.Section section : sections) {
            byte[] content = new byte[(int) section.bytes()];
            section.content().fill(0, MemorySegment.ofArray(content));
            bytes.write(content);
        }
        try (InputStream in = RowHeadsTest.class.getResourceAsStream("/golden/row-heads-v1.bin")) {
            assertThat(bytes.toByteArray())
                    .isEqualTo(Objects.requireNonNull(in, "row-heads-v1.bin").readAllBytes());
        }
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(Path.of("/data"));
        Path file = Path.of("/data/sections");
        SectionFile.write(disk, file, sections);
        try (SectionFile open = SectionFile.open(disk, file)) {
            RowHeads.Reader heads =
                    Objects.requireNonNull(RowHeads.Reader.open(KeyType.STRING, open));
            for (int i = 0; i < KEYS.size(); i++) {
                assertThat(heads.read(KEYS.size() - 1 - i))
                        .isEqualTo(new RowHead(PointKey.of(KEYS.get(i)), version(i)));
            }
        }
    }

    @Test
    void aFileOfAnEarlierReleaseHasNone() throws IOException {
        SimDisk disk = new SimDisk(1);
        disk.createDirectories(Path.of("/data"));
        Path file = Path.of("/data/sections");
        SectionFile.write(disk, file, List.of(new SectionFile.Section(1, 8, _ -> {})));
        try (SectionFile open = SectionFile.open(disk, file)) {
            assertThat(RowHeads.Reader.open(KeyType.STRING, open)).isNull();
        }
    }

    @Test
    void aRowThatIsNotInTheStoreIsReported() {
        ShardMetadata metadata = metadata();
        assertThatThrownBy(() -> new RowHeads(metadata, new long[] {RowName.of(0, 99)}))
                .isInstanceOf(ArbalestException.class)
                .hasMessageContaining("row 99 of segment 0");
    }
}
