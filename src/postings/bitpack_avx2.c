/*
 * bitpack_avx2.c - the kernels of bitpack.h with AVX2, used where the processor has it.
 *
 * Unpacking is one function for each width, written out by the compiler from one body, so that all shifts are
 * constants. The reference for what each must do is the plain twin in bitpack.c.
 */
#include "postings/bitpack.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

AVX2_INLINE __m256i load(const uint8_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2_INLINE void store_half(uint32_t *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)p, v);
}

/* Values number step of the eight streams. */
AVX2_INLINE __m256i extract(const uint8_t *packed, uint32_t width, uint32_t step)
{
    if (width == 0) {
        return _mm256_setzero_si256();
    }
    uint32_t bit = step * width;
    const uint8_t *row = packed + bit / 32 * POSTINGS_ROW_BYTES;
    uint32_t shift = bit % 32;
    __m256i value = _mm256_srli_epi32(load(row), (int)shift);
    if (shift + width > 32) {
        value = _mm256_or_si256(value, _mm256_slli_epi32(load(row + POSTINGS_ROW_BYTES), (int)(32 - shift)));
    }
    if (shift + width == 32 || width == 32) {
        return value;
    }
    return _mm256_and_si256(value, _mm256_set1_epi32((int)((UINT32_C(1) << width) - 1)));
}

/* Sums up step's values, writes both halves, and returns the two running totals. */
AVX2_INLINE __m256i sum_step(const uint8_t *packed, uint32_t width, uint32_t step, __m256i total, uint32_t *out)
{
    __m256i sum = _mm256_add_epi32(extract(packed, width, step), _mm256_set1_epi32(1));
    sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 4));
    sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 8));
    __m256i result = _mm256_add_epi32(sum, total);
    store_half(out + 4 * step, _mm256_castsi256_si128(result));
    store_half(out + POSTINGS_HALF + 4 * step, _mm256_extracti128_si256(result, 1));
    return _mm256_add_epi32(total, _mm256_shuffle_epi32(sum, 0xff));
}

AVX2_INLINE void unpack_width(const uint8_t *packed, uint32_t width, uint32_t before, uint32_t *out)
{
    __m256i total = _mm256_setr_epi32((int)before, (int)before, (int)before, (int)before, 0, 0, 0, 0);
#define STEP(i) total = sum_step(packed, width, i, total, out);
#define STEPS4(i) STEP(i) STEP(i + 1) STEP(i + 2) STEP(i + 3)
#define STEPS16(i) STEPS4(i) STEPS4(i + 4) STEPS4(i + 8) STEPS4(i + 12)
    STEPS16(0u)
#if POSTINGS_BLOCK == 256
    STEPS16(16u)
#endif
    __m256i half = _mm256_permute2x128_si256(total, total, 0x00);
    for (uint32_t i = POSTINGS_HALF; i < POSTINGS_BLOCK; i += 8) {
        __m256i *place = (__m256i *)(void *)(out + i);
        _mm256_storeu_si256(place, _mm256_add_epi32(_mm256_loadu_si256(place), half));
    }
}

#define TEN_WIDTHS(XX, w) XX(w##0) XX(w##1) XX(w##2) XX(w##3) XX(w##4) XX(w##5) XX(w##6) XX(w##7) XX(w##8) XX(w##9)
#define WIDTHS(XX)                                                                                                    \
    XX(0) XX(1) XX(2) XX(3) XX(4) XX(5) XX(6) XX(7) XX(8) XX(9)                                                       \
    TEN_WIDTHS(XX, 1) TEN_WIDTHS(XX, 2) XX(30) XX(31) XX(32)

#define XX(w)                                                                                                         \
    AVX2 static void unpack_##w(const uint8_t *packed, uint32_t before, uint32_t *out)                                \
    {                                                                                                                 \
        unpack_width(packed, w##u, before, out);                                                                      \
    }
WIDTHS(XX)
#undef XX

static void unpack_avx2(const uint8_t *packed, uint32_t width, uint32_t before, uint32_t *out)
{
#define XX(w) unpack_##w,
    static void (*const unpacks[33])(const uint8_t *, uint32_t, uint32_t *) = {WIDTHS(XX)};
#undef XX
    unpacks[width](packed, before, out);
}

/* Bits i to i + 31 of a plane, each as 0xff or 0 in its byte. */
AVX2_INLINE __m256i spread(const uint8_t *plane, uint32_t i)
{
    const __m256i bytes = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
                                           3, 3, 3, 3, 3, 3);
    const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i word = _mm256_shuffle_epi8(_mm256_set1_epi32((int)load_u32(plane + i / 8)), bytes);
    return _mm256_cmpeq_epi8(_mm256_and_si256(word, bits), bits);
}

AVX2 static void add_planes_avx2(const uint8_t *planes, uint32_t plane_count, uint32_t count, const uint8_t *palette,
                                 uint8_t *codes)
{
    uint32_t plane_bytes = postings_plane_bytes(count);
    uint32_t whole = count / 32 * 32;
    long long entries = 0;
    if (palette != NULL) {
        memcpy(&entries, palette, sizeof entries);
    }
    __m256i table = _mm256_set1_epi64x(entries);
    for (uint32_t i = 0; i < whole; i += 32) {
        __m256i value = _mm256_setzero_si256();
        for (uint32_t plane = 0; plane < plane_count; plane++) {
            __m256i weight = _mm256_set1_epi8((char)(1 << plane));
            value = _mm256_or_si256(value, _mm256_and_si256(spread(planes + plane * plane_bytes, i), weight));
        }
        value = palette == NULL ? value : _mm256_shuffle_epi8(table, value);
        __m256i *place = (__m256i *)(void *)(codes + i);
        _mm256_storeu_si256(place, _mm256_add_epi8(_mm256_loadu_si256(place), value));
    }
    for (uint32_t i = whole; i < count; i++) {
        uint32_t value = 0;
        for (uint32_t plane = 0; plane < plane_count; plane++) {
            value |= (uint32_t)(planes[plane * plane_bytes + i / 8] >> (i % 8) & 1) << plane;
        }
        codes[i] = (uint8_t)(codes[i] + (palette == NULL ? value : palette[value]));
    }
}

/* Of 8 documents from p on: a bit for each that is at least target. */
AVX2_INLINE uint32_t reached(const uint32_t *p, __m256i below)
{
    __m256i documents = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(documents, below)));
}

/* Looks at the next 8, where most seeks end, then halves what is left down to runs of 8. */
AVX2 static uint32_t find_avx2(const uint32_t *documents, uint32_t start, uint32_t count, uint32_t target)
{
    __m256i below = _mm256_set1_epi32((int)(target - 1));
    uint32_t near = reached(documents + start, below);
    if (near != 0) {
        return start + (uint32_t)__builtin_ctz(near);
    }
    start += 8;
    uint32_t left = count - start;
    while (left > 8) {
        uint32_t half = left / 2;
        start += documents[start + half - 1] < target ? half : 0;
        left -= half;
    }
    return start + (uint32_t)__builtin_ctz(reached(documents + start, below) | UINT32_C(1) << 8);
}

AVX2 static void shift_avx2(uint32_t *documents, uint32_t start, uint32_t end, uint32_t distance)
{
    __m256i distances = _mm256_set1_epi32((int)distance);
    for (; start + 8 <= end; start += 8) {
        __m256i *place = (__m256i *)(void *)(documents + start);
        _mm256_storeu_si256(place, _mm256_add_epi32(_mm256_loadu_si256(place), distances));
    }
    for (; start < end; start++) {
        documents[start] += distance;
    }
}

static const struct postings_kernels avx2_kernels = {unpack_avx2, add_planes_avx2, find_avx2, shift_avx2};

const struct postings_kernels *bitpack_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &avx2_kernels : NULL;
}

#else

const struct postings_kernels *bitpack_avx2(void)
{
    return NULL;
}

#endif
