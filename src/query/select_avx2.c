/*
 * select_avx2.c - the kernels of select.h with AVX2, used where the processor has it. The plain twins say what they do.
 */
#include "query/select.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static uint32_t codes_32(const uint8_t *codes, __m256i limits)
{
    __m256i code = _mm256_loadu_si256((const __m256i *)(const void *)codes);
    __m256i length = _mm256_and_si256(code, _mm256_set1_epi8((char)RANK_LENGTH_MASK));
    __m256i class = _mm256_and_si256(_mm256_srli_epi16(code, RANK_CLASS_SHIFT), _mm256_set1_epi8(SELECT_CLASSES - 1));
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_shuffle_epi8(limits, class), length));
}

AVX2 static void codes_avx2(const uint8_t *codes, size_t count, const uint8_t limits[SELECT_CLASSES], uint64_t *bits)
{
    __m256i all = _mm256_broadcastsi128_si256(_mm_loadl_epi64((const __m128i *)(const void *)limits));
    size_t whole = count / 64 * 64;
    for (size_t i = 0; i < whole; i += 64) {
        bits[i / 64] = codes_32(codes + i, all) | (uint64_t)codes_32(codes + i + 32, all) << 32;
    }
    if (whole != count) {
        uint8_t rest[64] = {0};
        memcpy(rest, codes + whole, count - whole);
        bits[whole / 64] = codes_32(rest, all) | (uint64_t)codes_32(rest + 32, all) << 32;
        bits[whole / 64] &= UINT64_MAX >> (64 - (count - whole));
    }
}

AVX2 static uint64_t sums_avx2(const int32_t sums[64], int32_t least)
{
    __m256i below = _mm256_set1_epi32(least - 1);
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        __m256i eight = _mm256_loadu_si256((const __m256i *)(const void *)(sums + i));
        __m256i enough = _mm256_cmpgt_epi32(eight, below);
        bits |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(enough)) << i;
    }
    return bits;
}

static const struct select_kernels kernels = {codes_avx2, sums_avx2};

const struct select_kernels *select_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? &kernels : NULL;
}

#else

const struct select_kernels *select_avx2(void)
{
    return NULL;
}

#endif
