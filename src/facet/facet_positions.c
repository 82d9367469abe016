/*
 * facet_positions.c - the places of the bits that are set in a page of matches, plainly and with AVX-512 VBMI2, which
 * compresses 32 numbers by their bits at once.
 *
 * Thread rule: pure functions.
 */
#include "facet/facet_private.h"

#include "base/processor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint32_t facet_positions_plain(const uint64_t *bits, uint16_t *positions)
{
    uint32_t count = 0;
    for (uint32_t word = 0; word < FACET_PAGE_WORDS; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            positions[count++] = (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(left));
        }
    }
    return count;
}

#if defined(__x86_64__)

#define HALF 32u

static_assert(HALF == FACET_POSITIONS_SLACK, "what is stored at once");

__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))) static uint32_t
positions_avx512(const uint64_t *bits, uint16_t *positions)
{
    uint16_t first[HALF];
    uint32_t count = 0;
    for (uint16_t i = 0; i < HALF; i++) {
        first[i] = i;
    }
    __m512i numbers = _mm512_loadu_si512(first);
    const __m512i step = _mm512_set1_epi16(HALF);
    for (uint32_t half = 0; half < 2 * FACET_PAGE_WORDS; half++) {
        uint32_t own = (uint32_t)(bits[half / 2] >> (half % 2 * HALF));
        _mm512_storeu_si512(positions + count, _mm512_maskz_compress_epi16(own, numbers));
        count += (uint32_t)_mm_popcnt_u32(own);
        numbers = _mm512_add_epi16(numbers, step);
    }
    return count;
}

#endif

facet_positions *facet_positions_best(void)
{
#if defined(__x86_64__)
    if (processor_fits_avx512()) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        return positions_avx512;
    }
#endif
    return facet_positions_plain;
}
