/*
 * column_lanes.h - eight packed codes at once into lanes of 32 bits, with AVX2.
 *
 * Eight codes of up to 25 bits lie in 25 bytes, and each in four of these: two loads, a shuffle of four bytes for each
 * lane, a shift and a mask.
 *
 * Private to the module. Thread rule: pure functions.
 */
#ifndef AISLE_COLUMNS_COLUMN_LANES_H
#define AISLE_COLUMNS_COLUMN_LANES_H

#include "columns/columns_format.h"

#define COLUMN_LANE_WIDTH_MAX COLUMN_CODES_WIDTH_MAX
#define COLUMN_LOAD_BYTES 16u

#if defined(__x86_64__)

#include <immintrin.h>

/* What is the same for all eights of a page. */
struct column_lanes {
    __m256i places; /* where the four bytes of each code lie, seen from where the first and where the fifth begins */
    __m256i shifts;
    __m256i mask;
    size_t second;  /* bytes that the fifth begins behind the first, but for some bits */
};

__attribute__((target("avx2"))) static inline struct column_lanes column_lanes_plan(uint32_t width)
{
    const __m256i number = _mm256_setr_epi32(0, 1, 2, 3, 0, 1, 2, 3);
    const int half = (int)(4 * width % 8);
    __m256i bit = _mm256_add_epi32(_mm256_mullo_epi32(number, _mm256_set1_epi32((int)width)),
                                   _mm256_setr_epi32(0, 0, 0, 0, half, half, half, half));
    __m256i byte = _mm256_mullo_epi32(_mm256_srli_epi32(bit, 3), _mm256_set1_epi32(0x01010101));
    return (struct column_lanes){.places = _mm256_add_epi32(byte, _mm256_set1_epi32(0x03020100)),
                                 .shifts = _mm256_and_si256(bit, _mm256_set1_epi32(7)),
                                 .mask = _mm256_set1_epi32((int)((1u << width) - 1)),
                                 .second = (size_t)4 * width / 8};
}

/* Bytes that the loads of eight codes touch, from where the first begins on. */
static inline size_t column_lanes_reach(size_t width)
{
    return 4 * width / 8 + COLUMN_LOAD_BYTES;
}

/* The eight codes that begin at next. */
__attribute__((target("avx2"), always_inline)) static inline __m256i
column_lanes_eight(const struct column_lanes *lanes, const uint8_t *next)
{
    __m256i bytes = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)next)),
        _mm_loadu_si128((const __m128i *)(const void *)(next + lanes->second)), 1);
    return _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(bytes, lanes->places), lanes->shifts), lanes->mask);
}

#endif

#endif
