package io.arbalest.common;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

class Crc32cTest {
    @Test
    void matchesTheCheckValueOfTheCatalogue() {
        assertThat(Crc32c.of("123456789".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo(0xE3069283);
    }

    @Test
    void matchesTheVectorsOfRfc3720() {
        assertThat(Crc32c.of(new byte[32])).isEqualTo(0x8A9136AA);
        byte[] ones = new byte[32];
        Arrays.fill(ones, (byte) 0xFF);
        assertThat(Crc32c.of(ones)).isEqualTo(0x62A8AB43);
    }

    @Test
    void nativeAndHeapMemoryAgreeAtAnyOffset() {
        byte[] bytes = new byte[1000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(bytes.length);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, copy, 0, bytes.length);
            for (int offset = 0; offset < 70; offset++) {
                assertThat(Crc32c.of(copy, offset, 900))
                        .isEqualTo(Crc32c.of(MemorySegment.ofArray(bytes), offset, 900));
            }
        }
    }

    @Test
    void piecesAddUpToTheWhole() {
        MemorySegment bytes =
                MemorySegment.ofArray(
                        "the whole and its parts".getBytes(StandardCharsets.US_ASCII));
        Crc32c pieces = new Crc32c().update(bytes, 0, 9).update(bytes, 9, bytes.byteSize() - 9);
        assertThat(pieces.value()).isEqualTo(Crc32c.of(bytes));
        pieces.reset();
        assertThat(pieces.value()).isZero();
    }
}
