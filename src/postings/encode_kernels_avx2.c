/*
 * encode_kernels_avx2.c - the kernels of encode_kernels.h with AVX2, used where the processor has it.
 *
 * The reference for what each must do is the plain twin in encode_kernels.c.
 * Thread rule: pure functions.
 */
#include "postings/encode_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2,popcnt")))

#define BYTES 32u                       /* of a register */
#define WORDS (BYTES / sizeof(uint32_t)) /* of 32 bits in it */
#define VECTORS (POSTINGS_BLOCK / BYTES) /* that hold a byte for each value of a block */

static_assert(ENCODE_GROUP == BYTES, "gaps fill registers");

AVX2_INLINE __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/*
 * The exponents that eight numbers below 2^31 have as floats: their bits and 126, or 0. Of a number only the highest
 * bit is left, and perhaps some below the next one, so that none is rounded up.
 */
AVX2_INLINE __m256i exponents(const uint32_t *gaps)
{
    __m256i value = load(gaps);
    value = _mm256_andnot_si256(_mm256_srli_epi32(value, 1), value);
    return _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(value)), 23);
}

/* How many bits each of 32 gaps has; in another order than theirs. */
AVX2_INLINE __m256i bits_of(const uint32_t *gaps)
{
    const __m256i bias = _mm256_set1_epi16(126);
    __m256i a = _mm256_packus_epi32(exponents(gaps), exponents(gaps + WORDS));
    __m256i b = _mm256_packus_epi32(exponents(gaps + 2 * WORDS), exponents(gaps + 3 * WORDS));
    return _mm256_packus_epi16(_mm256_subs_epu16(a, bias), _mm256_subs_epu16(b, bias));
}

/* The sum of all bytes. */
AVX2_INLINE uint32_t sum_bytes(__m256i bytes)
{
    __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
    __m128i halves = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (uint32_t)(_mm_cvtsi128_si64(halves) + _mm_extract_epi64(halves, 1));
}

AVX2 static void count_bits(const uint32_t *gaps, uint32_t count, uint32_t *above)
{
    __m256i bits[VECTORS];
    uint32_t vectors = count / BYTES;
    for (uint32_t i = 0; i < vectors; i++) {
        bits[i] = bits_of(gaps + i * BYTES);
    }
    memset(above, 0, ENCODE_BITS_END * sizeof *above);
    for (uint32_t b = 0; b < ENCODE_BITS_END; b++) {
        const __m256i bound = _mm256_set1_epi8((char)b);
        __m256i counts = _mm256_setzero_si256();
        for (uint32_t i = 0; i < vectors; i++) {
            counts = _mm256_sub_epi8(counts, _mm256_cmpgt_epi8(bits[i], bound));
        }
        above[b] = sum_bytes(counts);
        if (above[b] == 0) {
            break;
        }
    }
}

/* A bit for each of eight gaps that is above below, which is less than 2^31 as they are. */
AVX2_INLINE uint64_t reached(const uint32_t *gaps, __m256i below)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(load(gaps), below)));
}

AVX2 static void mark_reached(const uint32_t *gaps, uint32_t count, uint32_t limit, uint64_t *mask)
{
    const __m256i below = _mm256_set1_epi32((int)(limit - 1));
    memset(mask, 0, ENCODE_MASK_WORDS * sizeof *mask);
    for (uint32_t i = 0; i < count; i += BYTES) {
        uint64_t bits = 0;
        for (uint32_t k = 0; k < BYTES; k += (uint32_t)WORDS) {
            bits |= reached(gaps + i + k, below) << k;
        }
        mask[i / 64] |= bits << (i % 64);
    }
}

/* The class of each of 32 codes. */
AVX2_INLINE __m256i classes_of(const uint8_t *codes)
{
    const __m256i mask = _mm256_set1_epi8((char)(POSTINGS_CLASSES - 1));
    return _mm256_and_si256(_mm256_srli_epi16(load(codes), POSTINGS_LENGTH_BITS), mask);
}

AVX2 static void count_classes(const uint8_t *codes, uint32_t *counts)
{
    __m256i classes[VECTORS];
    for (uint32_t i = 0; i < VECTORS; i++) {
        classes[i] = classes_of(codes + i * BYTES);
    }
    for (uint32_t class = 0; class < POSTINGS_CLASSES; class++) {
        const __m256i wanted = _mm256_set1_epi8((char)class);
        __m256i count = _mm256_setzero_si256();
        for (uint32_t i = 0; i < VECTORS; i++) {
            count = _mm256_sub_epi8(count, _mm256_cmpeq_epi8(classes[i], wanted));
        }
        counts[class] = sum_bytes(count);
    }
}

AVX2 static void rank_classes(const uint8_t *codes, const uint8_t *ranks, uint8_t *out)
{
    static_assert(POSTINGS_CLASSES == sizeof(uint64_t), "a table for each half of a register");
    const __m256i table = _mm256_set1_epi64x((long long)load_u64(ranks));
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i += BYTES) {
        _mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_shuffle_epi8(table, classes_of(codes + i)));
    }
}

AVX2 static void put_planes(const uint8_t *values, uint32_t planes, uint8_t *out)
{
    for (uint32_t i = 0; i < POSTINGS_BLOCK; i += BYTES) {
        __m256i value = _mm256_slli_epi16(load(values + i), 8 - POSTINGS_LENGTH_PLANES_MAX);
        for (uint32_t plane = POSTINGS_LENGTH_PLANES_MAX; plane-- != 0;) {
            if (plane < planes) {
                store_u32(out + plane * (POSTINGS_BLOCK / 8) + i / 8, (uint32_t)_mm256_movemask_epi8(value));
            }
            value = _mm256_slli_epi16(value, 1);
        }
    }
}

/* Values number step of the eight streams. */
AVX2_INLINE __m256i gather(const uint32_t *values, uint32_t step)
{
    const __m128i *first = (const __m128i *)(const void *)(values + step * 4);
    const __m128i *second = (const __m128i *)(const void *)(values + POSTINGS_HALF + step * 4);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)), _mm_loadu_si128(second), 1);
}

AVX2 static void pack(const uint32_t *values, uint32_t width, uint8_t *packed)
{
    __m256i waiting = _mm256_setzero_si256();
    uint32_t bits = 0;
    for (uint32_t step = 0; step < POSTINGS_STEPS; step++) {
        __m256i value = gather(values, step);
        waiting = _mm256_or_si256(waiting, _mm256_sll_epi32(value, _mm_cvtsi32_si128((int)bits)));
        bits += width;
        if (bits >= 32) {
            _mm256_storeu_si256((__m256i *)(void *)packed, waiting);
            packed += POSTINGS_ROW_BYTES;
            bits -= 32;
            waiting = _mm256_srl_epi32(value, _mm_cvtsi32_si128((int)(width - bits))); /* by 32: nothing is left */
        }
    }
    if (bits != 0) {
        _mm256_storeu_si256((__m256i *)(void *)packed, waiting);
    }
}

static const struct encode_kernels avx2_kernels = {count_bits,   mark_reached, count_classes,
                                                   rank_classes, put_planes,   pack};

const struct encode_kernels *encode_kernels_avx2(void)
{
    bool can_use = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"); /* LCOV_EXCL_BR_LINE */
    return can_use ? &avx2_kernels : NULL; /* LCOV_EXCL_BR_LINE: depends on the machine */
}

#else

const struct encode_kernels *encode_kernels_avx2(void)
{
    return NULL;
}

#endif
