// The inner product of binary16 rows with a binary32 query, as one would write it with intrinsics: what the Java kernels are
// compared with. Rows are plain, one behind the other, `stride` bytes apart.
#include <cstdint>
#include <cstddef>
#include <immintrin.h>

namespace {

inline float half(uint16_t bits) { return _cvtsh_ss(bits); }

#if defined(__AVX512F__)
constexpr size_t LANES = 16;
using Floats = __m512;
inline Floats zero() { return _mm512_setzero_ps(); }
inline Floats load(const float *at) { return _mm512_loadu_ps(at); }
inline Floats widen(const uint16_t *at) { return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(at))); }
inline Floats fma(Floats a, Floats b, Floats sum) { return _mm512_fmadd_ps(a, b, sum); }
inline Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
inline float total(Floats a) { return _mm512_reduce_add_ps(a); }
#elif defined(__AVX2__) && defined(__F16C__) && defined(__FMA__)
constexpr size_t LANES = 8;
using Floats = __m256;
inline Floats zero() { return _mm256_setzero_ps(); }
inline Floats load(const float *at) { return _mm256_loadu_ps(at); }
inline Floats widen(const uint16_t *at) { return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(at))); }
inline Floats fma(Floats a, Floats b, Floats sum) { return _mm256_fmadd_ps(a, b, sum); }
inline Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
inline float total(Floats a) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_shuffle_ps(sum, sum, 1)));
}
#else
#error "half_dot.cpp knows AVX-512 and AVX2 with F16C and FMA"
#endif

inline float rest(const uint16_t *row, const float *query, size_t from, size_t dimension) {
    float sum = 0;
    for (size_t i = from; i < dimension; i++) {
        sum += half(row[i]) * query[i];
    }
    return sum;
}

}  // namespace

// One row after the other, four sums each.
extern "C" void half_dots_single(const char *rows, int64_t stride, int32_t count, const float *query, int32_t dimension, float *dots) {
    const size_t n = dimension;
    for (int32_t row = 0; row < count; row++) {
        const auto *at = reinterpret_cast<const uint16_t *>(rows + row * stride);
        Floats a = zero(), b = zero(), c = zero(), d = zero();
        size_t i = 0;
        for (; i + 4 * LANES <= n; i += 4 * LANES) {
            a = fma(widen(at + i), load(query + i), a);
            b = fma(widen(at + i + LANES), load(query + i + LANES), b);
            c = fma(widen(at + i + 2 * LANES), load(query + i + 2 * LANES), c);
            d = fma(widen(at + i + 3 * LANES), load(query + i + 3 * LANES), d);
        }
        for (; i + LANES <= n; i += LANES) {
            a = fma(widen(at + i), load(query + i), a);
        }
        dots[row] = total(add(add(a, b), add(c, d))) + rest(at, query, i, n);
    }
}

// Four rows in lockstep; the rows must be a multiple of four.
extern "C" void half_dots_list(const char *rows, int64_t stride, int32_t count, const float *query, int32_t dimension, float *dots) {
    const size_t n = dimension;
    for (int32_t row = 0; row + 4 <= count; row += 4) {
        const auto *r0 = reinterpret_cast<const uint16_t *>(rows + row * stride);
        const auto *r1 = reinterpret_cast<const uint16_t *>(rows + (row + 1) * stride);
        const auto *r2 = reinterpret_cast<const uint16_t *>(rows + (row + 2) * stride);
        const auto *r3 = reinterpret_cast<const uint16_t *>(rows + (row + 3) * stride);
        Floats a = zero(), b = zero(), c = zero(), d = zero();
        size_t i = 0;
        for (; i + LANES <= n; i += LANES) {
            const Floats q = load(query + i);
            a = fma(widen(r0 + i), q, a);
            b = fma(widen(r1 + i), q, b);
            c = fma(widen(r2 + i), q, c);
            d = fma(widen(r3 + i), q, d);
        }
        dots[row] = total(a) + rest(r0, query, i, n);
        dots[row + 1] = total(b) + rest(r1, query, i, n);
        dots[row + 2] = total(c) + rest(r2, query, i, n);
        dots[row + 3] = total(d) + rest(r3, query, i, n);
    }
}
