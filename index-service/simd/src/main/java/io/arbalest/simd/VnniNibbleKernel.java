package io.arbalest.simd;

import java.lang.foreign.MemorySegment;

/**
 * What {@link VnniKernel} is to {@link ByteCodes}, to {@link NibbleCodes}: instructions that score
 * a list of rows by their codes and their terms, called in the same way ({@link VnniKernel#TYPE})
 * and wanted where those are ({@link VnniKernel#isWanted}). They compute {@link RowScores}.
 *
 * <p>Thread-safe: no state.
 */
public final class VnniNibbleKernel {
    /**
     * {@code (rows, ordinals, count, query, rowBytes, scores)}, count at least 1; returns how many
     * ordinals were left when one was not below the number of rows, else 0. Reads {@link
     * NibbleCodes#TAIL_BYTES} behind a row.
     *
     * <pre>
     *    vmovd xmm16, dword [rcx]
     *    vmovd xmm17, dword [rcx+4]
     *    vmovd xmm18, dword [rcx+8]
     *    mov r11d, dword [rcx+12]
     *    vpbroadcastd zmm19, dword [rcx+20]
     * 1: mov eax, dword [rsi]
     *    cmp eax, dword [rcx+16]
     *    jae 4f
     *    imul rax, r8
     *    add rax, rdi
     *    vpxor xmm2, xmm2, xmm2
     *    vpxor xmm3, xmm3, xmm3
     *    xor r10d, r10d
     * 2: vmovdqu64 zmm0, [rax+r10+8]
     *    vpandd zmm1, zmm0, zmm19
     *    vpsrlw zmm0, zmm0, 4
     *    vpandd zmm0, zmm0, zmm19
     *    vpdpbusd zmm2, zmm1, [rcx+r10*2+64]
     *    vpdpbusd zmm3, zmm0, [rcx+r10*2+128]
     *    add r10, 64
     *    cmp r10, r11
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
     *    vmulss xmm2, xmm2, dword [rax]
     *    vfmadd213ss xmm2, xmm16, dword [rax+4]
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
        0x05, 0x8B, 0x06, 0x3B, 0x41, 0x10, 0x0F, 0x83, 0xA7, 0x00, 0x00, 0x00, 0x49, 0x0F, 0xAF,
        0xC0, 0x48, 0x01, 0xF8, 0xC5, 0xE9, 0xEF, 0xD2, 0xC5, 0xE1, 0xEF, 0xDB, 0x45, 0x31, 0xD2,
        0x62, 0xB1, 0xFE, 0x48, 0x6F, 0x84, 0x10, 0x08, 0x00, 0x00, 0x00, 0x62, 0xB1, 0x7D, 0x48,
        0xDB, 0xCB, 0x62, 0xF1, 0x7D, 0x48, 0x71, 0xD0, 0x04, 0x62, 0xB1, 0x7D, 0x48, 0xDB, 0xC3,
        0x62, 0xB2, 0x75, 0x48, 0x50, 0x54, 0x51, 0x01, 0x62, 0xB2, 0x7D, 0x48, 0x50, 0x5C, 0x51,
        0x02, 0x49, 0x83, 0xC2, 0x40, 0x4D, 0x39, 0xDA, 0x72, 0xC9, 0x62, 0xF1, 0x6D, 0x48, 0xFE,
        0xD3, 0x62, 0xF3, 0xFD, 0x48, 0x3B, 0xD3, 0x01, 0xC5, 0xED, 0xFE, 0xD3, 0xC4, 0xE3, 0x7D,
        0x39, 0xD3, 0x01, 0xC5, 0xE9, 0xFE, 0xD3, 0xC5, 0xF9, 0x70, 0xDA, 0x4E, 0xC5, 0xE9, 0xFE,
        0xD3, 0xC5, 0xF9, 0x70, 0xDA, 0xB1, 0xC5, 0xE9, 0xFE, 0xD3, 0x62, 0xB1, 0x6D, 0x08, 0xFA,
        0xD2, 0xC5, 0xF8, 0x5B, 0xD2, 0xC5, 0xEA, 0x59, 0x10, 0x62, 0xF2, 0x7D, 0x00, 0xA9, 0x50,
        0x01, 0x62, 0xB1, 0x6E, 0x08, 0x58, 0xD1, 0xC4, 0xC1, 0x7A, 0x11, 0x11, 0x48, 0x83, 0xC6,
        0x04, 0x49, 0x83, 0xC1, 0x04, 0x48, 0xFF, 0xCA, 0x0F, 0x85, 0x4E, 0xFF, 0xFF, 0xFF, 0xC5,
        0xF8, 0x77, 0x48, 0x89, 0xD0, 0xC3
    };

    /** The low nibbles of four bytes. */
    private static final int LOW_NIBBLES = 0x0f0f0f0f;

    private static final int LOAD = 64; // bytes of codes at once; each is two elements

    private VnniNibbleKernel() {}

    /** The bytes of the function, one each. */
    public static int[] instructions() {
        return INSTRUCTIONS.clone();
    }

    /** Bytes of a query, which start on a multiple of 64. */
    public static long queryBytes(int dimension) {
        return VnniKernel.STEPS_AT + 2L * codeBytes(dimension);
    }

    private static int codeBytes(int dimension) {
        return (dimension + 2 * LOAD - 1) / (2 * LOAD) * LOAD;
    }

    /**
     * Lays a query out:
     *
     * <pre>
     *  0  f32 factor | f32 offset | i32 zero | i32 bytes of the codes, up to a multiple of 64
     * 16  i32 rows: ordinals are below | i32 mask of low nibbles
     * 64  for each 64 bytes of codes: steps, i8 each, 64 for the low nibbles and then 64 for
     *     the high ones, zero-padded
     * </pre>
     *
     * @param target of {@link #queryBytes}, native
     */
    public static void layOut(
            NibbleQuery query, float factor, float offset, int rows, MemorySegment target) {
        VnniKernel.layOutHead(factor, offset, query.zero(), rows, target);
        VnniKernel.layOutLoop(codeBytes(query.dimension()), LOW_NIBBLES, target);
        query.layOut(target, VnniKernel.STEPS_AT, queryBytes(query.dimension()));
    }
}
