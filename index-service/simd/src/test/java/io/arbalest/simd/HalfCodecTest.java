package io.arbalest.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

class HalfCodecTest {
    @Test
    void everyFiniteVectorComesBackBitForBit() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        for (int round = 0; round < 3000; round++) {
            int dimension = 1 + random.nextInt(70);
            assertRoundTrip(HalfCases.finite(random, dimension, random.nextInt(31)));
        }
    }

    @Test
    void everyHalfComesBackBesideEveryLargestElement() {
        for (int largest : new int[] {0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff}) {
            for (int from = 0; from <= largest; from += 512) {
                short[] halves = new short[513];
                for (int i = 0; i < 512; i++) {
                    int bits = Math.min(from + i, largest);
                    halves[i] = (short) (i % 2 == 0 ? bits : bits | 0x8000);
                }
                halves[512] = (short) largest;
                assertRoundTrip(halves);
            }
        }
    }

    @Test
    void keepsWhatIsNotFinite() {
        assertRoundTrip(new short[] {1, (short) 0x7c00, (short) 0xfc00, (short) 0x7e01, 0x3c00});
    }

    @Test
    void liftsTheLargestElementIntoTheTopBinade() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(64, 64);
            for (int bits = 1; bits < 0x7c00; bits++) {
                int exponent = HalfCases.store(arena, new short[] {(short) bits}, slot, 0);
                float stored = HalfCodec.element(slot, 0, 0);
                if (stored < 32768 || stored > 65504) {
                    assertThat(stored).as("half %x", bits).isBetween(32768f, 65504f);
                }
                assertThat((double) stored)
                        .isEqualTo(
                                Math.scalb((double) Float.float16ToFloat((short) bits), exponent));
            }
        }
    }

    @Test
    void unitVectorsHoldNoSubnormals() {
        SplittableRandom random = new SplittableRandom(HalfCases.SEED);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot = arena.allocate(2 * 1536, 64);
            for (int round = 0; round < 200; round++) {
                short[] halves = HalfCases.gaussian(random, 1536, 1 / Math.sqrt(1536));
                HalfCases.store(arena, halves, slot, 0);
                for (int i = 0; i < halves.length; i++) {
                    float element = Math.abs(HalfCodec.element(slot, 0, i));
                    assertThat(element == 0 || element >= 0x1p-14f).isTrue();
                }
            }
        }
    }

    private static void assertRoundTrip(short[] halves) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment slot =
                    arena.allocate(2L * HalfDot.paddedDimension(halves.length) + 64, 64);
            slot.fill((byte) 0x55);
            int exponent = HalfCases.store(arena, halves, slot, 64);
            short[] read = new short[halves.length];
            HalfCodec.decode(slot, 64, exponent, read);
            assertThat(read).as("seed %s", HalfCases.SEED).isEqualTo(halves);
            for (long i = 64 + 2L * halves.length; i < slot.byteSize(); i++) {
                assertThat(slot.get(java.lang.foreign.ValueLayout.JAVA_BYTE, i)).isZero();
            }
        }
    }
}
