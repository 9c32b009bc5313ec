package io.arbalest.io;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/**
 * What this processor can do, as it says itself (CPUID; Intel SDM vol. 2), and the operating system
 * lets it (XGETBV: which registers are kept when threads are switched).
 *
 * <p>Thread-safe: immutable.
 */
public final class Processor {
    /** A group of instructions. */
    public enum Feature {
        /**
         * Dot products of bytes in vectors of 512 bits (AVX512_VNNI), with what goes together with
         * them: AVX512F, AVX512BW and AVX512VL.
         */
        VNNI_512((1L << 16) | (1L << 30) | (1L << 31) | (1L << (Integer.SIZE + 11)));

        private final long bits; // EBX of leaf 7, and ECX above

        Feature(long bits) {
            this.bits = bits;
        }
    }

    /**
     * EBX of leaf 7 and, in the upper half, its ECX; 0 where the registers of AVX-512 are not kept:
     *
     * <pre>
     *    push rbx
     *    mov eax, 1
     *    xor ecx, ecx
     *    cpuid
     *    bt ecx, 27          ; OSXSAVE: there is xgetbv
     *    jnc 1f
     *    xor ecx, ecx
     *    xgetbv
     *    and eax, 0xe6
     *    cmp eax, 0xe6       ; xmm, ymm, k, upper halves of zmm, zmm16 to zmm31
     *    jne 1f
     *    mov eax, 7
     *    xor ecx, ecx
     *    cpuid
     *    shl rcx, 32
     *    mov eax, ebx
     *    or rax, rcx
     *    pop rbx
     *    ret
     * 1: xor eax, eax
     *    pop rbx
     *    ret
     * </pre>
     */
    private static final int[] FEATURES_CODE = {
        0x53, 0xB8, 0x01, 0x00, 0x00, 0x00, 0x31, 0xC9, 0x0F, 0xA2, 0x0F, 0xBA, 0xE1, 0x1B, 0x73,
        0x25, 0x31, 0xC9, 0x0F, 0x01, 0xD0, 0x25, 0xE6, 0x00, 0x00, 0x00, 0x3D, 0xE6, 0x00, 0x00,
        0x00, 0x75, 0x14, 0xB8, 0x07, 0x00, 0x00, 0x00, 0x31, 0xC9, 0x0F, 0xA2, 0x48, 0xC1, 0xE1,
        0x20, 0x89, 0xD8, 0x48, 0x09, 0xC8, 0x5B, 0xC3, 0x31, 0xC0, 0x5B, 0xC3
    };

    private static final long FEATURES = features();

    private Processor() {}

    /** Whether the processor has a group of instructions; never on another than x86-64 Linux. */
    public static boolean has(Feature feature) {
        return (FEATURES & feature.bits) == feature.bits;
    }

    private static long features() {
        MethodHandle function =
                MachineCode.load(
                        MachineCode.X86_64, FEATURES_CODE, FunctionDescriptor.of(JAVA_LONG));
        if (function == null) {
            return 0;
        }
        try {
            return (long) function.invokeExact();
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}
