package io.arbalest.simd;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;

/**
 * Instructions that score a list of rows of {@link ByteCodes} with their terms inside, for
 * processors that multiply bytes: VPDPBUSD adds the products of 64 unsigned and 64 signed bytes to
 * 16 ints (Intel SDM vol. 2; AVX512_VNNI). The Vector API has no word for it and needs ten
 * instructions instead. This class holds the instructions and lays queries out for them; it does
 * not execute them.
 *
 * <p>They compute {@link RowScores}.
 *
 * <p>Thread-safe: no state.
 */
public final class VnniKernel {
    /** The system property that leaves the instructions out if it is {@code false}. */
    public static final String PROPERTY = "arbalest.simd.vnni";

    /**
     * {@code (rows, ordinals, count, query, rowBytes, scores)}, count at least 1; returns how many
     * ordinals were left when one was not below the number of rows, else 0. Reads {@link
     * ByteCodes#TAIL_BYTES} behind a row.
     *
     * <pre>
     *    vmovd xmm16, dword [rcx]
     *    vmovd xmm17, dword [rcx+4]
     *    vmovd xmm18, dword [rcx+8]
     *    mov r11d, dword [rcx+12]
     *    vpbroadcastd zmm19, dword [rcx+20]
     *    vmovdqu64 zmm20, [rcx+64]
     *    vmovdqu64 zmm21, [rcx+128]
     * 1: mov eax, dword [rsi]
     *    cmp eax, dword [rcx+16]
     *    jae 4f
     *    imul rax, r8
     *    add rax, rdi
     *    vmovdqu64 zmm0, [rax]
     *    vmovdqu64 zmm1, [rax+64]
     *    vpsllw zmm2, zmm0, 8
     *    vpsllw zmm3, zmm1, 8
     *    vpmovw2m k1, zmm2
     *    vpmovw2m k2, zmm3
     *    vpandd zmm0, zmm0, zmm19
     *    vpandd zmm1, zmm1, zmm19
     *    vpxor xmm2, xmm2, xmm2
     *    vpxor xmm3, xmm3, xmm3
     *    vpdpbusd zmm2, zmm0, zmm20
     *    vpdpbusd zmm3, zmm1, zmm21
     *    mov r10d, 128
     *    jmp 3f
     * 2: vmovdqu64 zmm0, [rax+r10]
     *    vpdpbusd zmm2, zmm0, [rcx+r10+64]
     *    add r10, 64
     * 3: cmp r10, r11
     *    jb 2b
     *    vpaddd zmm2, zmm2, zmm3
     *    vextracti64x4 ymm3, zmm2, 1
     *    vpaddd ymm2, ymm2, ymm3
     *    vextracti128 xmm3, ymm2, 1
     *    vpaddd xmm2, xmm2, xmm3
     *    vpshufd xmm3, xmm2, 0x4e
     *    vpaddd xmm2, xmm2, xmm3
     *    vpshufd xmm3, xmm2, 0xb1
     *    vpaddd xmm2, xmm2, xmm3
     *    vpsubd xmm2, xmm2, xmm18
     *    vcvtdq2ps xmm2, xmm2
     *    kmovd eax, k1
     *    kmovd r10d, k2
     *    vmovd xmm0, eax
     *    vmovd xmm1, r10d
     *    vmulss xmm2, xmm2, xmm0
     *    vfmadd213ss xmm2, xmm16, xmm1
     *    vaddss xmm2, xmm2, xmm17
     *    vmovss dword [r9], xmm2
     *    add rsi, 4
     *    add r9, 4
     *    dec rdx
     *    jnz 1b
     * 4: vzeroupper
     *    mov rax, rdx
     *    ret
     * </pre>
     */
    private static final int[] INSTRUCTIONS = {
        0x62, 0xE1, 0x7D, 0x08, 0x6E, 0x01, 0x62, 0xE1, 0x7D, 0x08, 0x6E, 0x49, 0x01, 0x62, 0xE1,
        0x7D, 0x08, 0x6E, 0x51, 0x02, 0x44, 0x8B, 0x59, 0x0C, 0x62, 0xE2, 0x7D, 0x48, 0x58, 0x59,
        0x05, 0x62, 0xE1, 0xFE, 0x48, 0x6F, 0x61, 0x01, 0x62, 0xE1, 0xFE, 0x48, 0x6F, 0x69, 0x02,
        0x8B, 0x06, 0x3B, 0x41, 0x10, 0x0F, 0x83, 0xDC, 0x00, 0x00, 0x00, 0x49, 0x0F, 0xAF, 0xC0,
        0x48, 0x01, 0xF8, 0x62, 0xF1, 0xFE, 0x48, 0x6F, 0x00, 0x62, 0xF1, 0xFE, 0x48, 0x6F, 0x48,
        0x01, 0x62, 0xF1, 0x6D, 0x48, 0x71, 0xF0, 0x08, 0x62, 0xF1, 0x65, 0x48, 0x71, 0xF1, 0x08,
        0x62, 0xF2, 0xFE, 0x48, 0x29, 0xCA, 0x62, 0xF2, 0xFE, 0x48, 0x29, 0xD3, 0x62, 0xB1, 0x7D,
        0x48, 0xDB, 0xC3, 0x62, 0xB1, 0x75, 0x48, 0xDB, 0xCB, 0xC5, 0xE9, 0xEF, 0xD2, 0xC5, 0xE1,
        0xEF, 0xDB, 0x62, 0xB2, 0x7D, 0x48, 0x50, 0xD4, 0x62, 0xB2, 0x75, 0x48, 0x50, 0xDD, 0x41,
        0xBA, 0x80, 0x00, 0x00, 0x00, 0xEB, 0x13, 0x62, 0xB1, 0xFE, 0x48, 0x6F, 0x04, 0x10, 0x62,
        0xB2, 0x7D, 0x48, 0x50, 0x54, 0x11, 0x01, 0x49, 0x83, 0xC2, 0x40, 0x4D, 0x39, 0xDA, 0x72,
        0xE8, 0x62, 0xF1, 0x6D, 0x48, 0xFE, 0xD3, 0x62, 0xF3, 0xFD, 0x48, 0x3B, 0xD3, 0x01, 0xC5,
        0xED, 0xFE, 0xD3, 0xC4, 0xE3, 0x7D, 0x39, 0xD3, 0x01, 0xC5, 0xE9, 0xFE, 0xD3, 0xC5, 0xF9,
        0x70, 0xDA, 0x4E, 0xC5, 0xE9, 0xFE, 0xD3, 0xC5, 0xF9, 0x70, 0xDA, 0xB1, 0xC5, 0xE9, 0xFE,
        0xD3, 0x62, 0xB1, 0x6D, 0x08, 0xFA, 0xD2, 0xC5, 0xF8, 0x5B, 0xD2, 0xC5, 0xFB, 0x93, 0xC1,
        0xC5, 0x7B, 0x93, 0xD2, 0xC5, 0xF9, 0x6E, 0xC0, 0xC4, 0xC1, 0x79, 0x6E, 0xCA, 0xC5, 0xEA,
        0x59, 0xD0, 0x62, 0xF2, 0x7D, 0x00, 0xA9, 0xD1, 0x62, 0xB1, 0x6E, 0x08, 0x58, 0xD1, 0xC4,
        0xC1, 0x7A, 0x11, 0x11, 0x48, 0x83, 0xC6, 0x04, 0x49, 0x83, 0xC1, 0x04, 0x48, 0xFF, 0xCA,
        0x0F, 0x85, 0x19, 0xFF, 0xFF, 0xFF, 0xC5, 0xF8, 0x77, 0x48, 0x89, 0xD0, 0xC3
    };

    /** Of the function. */
    public static final FunctionDescriptor TYPE =
            FunctionDescriptor.of(
                    JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS);

    private static final int FACTOR_AT = 0;
    private static final int OFFSET_AT = 4;
    private static final int ZERO_AT = 8;
    private static final int BYTES_AT = 12;
    private static final int ROWS_AT = 16;
    private static final int MASK_AT = 20;

    /** Where the steps of a query start. */
    static final int STEPS_AT = 64;

    /** Of four codes, all but the bits that belong to the terms. */
    private static final int CODES = 0xff7fff7f;

    private VnniKernel() {}

    /** Whether vectors are as wide as the instructions' and {@link #PROPERTY} lets them. */
    public static boolean isWanted() {
        return VectorWidth.bits() == 512 && !"false".equals(System.getProperty(PROPERTY));
    }

    /** The bytes of the function, one each. */
    public static int[] instructions() {
        return INSTRUCTIONS.clone();
    }

    /** Bytes of a query, which start on a multiple of 64. */
    public static long queryBytes(int dimension) {
        return STEPS_AT + (dimension + 63L) / 64 * 64;
    }

    /**
     * Lays a query out:
     *
     * <pre>
     *  0  f32 factor | f32 offset | i32 zero | i32 bytes of the steps
     * 16  i32 rows: ordinals are below | i32 mask of codes
     * 64  steps, i8 each, zero-padded to 64
     * </pre>
     *
     * @param target of {@link #queryBytes}, native
     */
    public static void layOut(
            ByteQuery query, float factor, float offset, int rows, MemorySegment target) {
        layOutHead(factor, offset, query.zero(), rows, target);
        layOutLoop(2 * query.even.length, CODES, target);
        query.layOut(target, STEPS_AT);
    }

    /** What a dot becomes a score with, and of how many rows. */
    static void layOutHead(float factor, float offset, int zero, int rows, MemorySegment target) {
        target.set(JAVA_FLOAT, FACTOR_AT, factor);
        target.set(JAVA_FLOAT, OFFSET_AT, offset);
        target.set(JAVA_INT, ZERO_AT, zero);
        target.set(JAVA_INT, ROWS_AT, rows);
    }

    /** How many bytes the instructions go over, and what they mask. */
    static void layOutLoop(int bytes, int mask, MemorySegment target) {
        target.set(JAVA_INT, BYTES_AT, bytes);
        target.set(JAVA_INT, MASK_AT, mask);
    }
}
