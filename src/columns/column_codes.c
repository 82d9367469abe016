/*
 * column_codes.c - codes of a page as they stand, in 32 bits each: all of them, or picked ones.
 *
 * Half the bytes of unpacked values, and no arithmetic for each: who counts or compares does it in the units of codes.
 * Thread rule: pure functions.
 */
#include "columns/column_lanes.h"

#define LANES COLUMN_RUN

static void codes_plain(const struct column_page_view *view, uint32_t from, uint32_t end, uint32_t *codes)
{
    const uint32_t mask = (uint32_t)view->mask;
    for (uint32_t i = from; i < end; i++) {
        uint32_t bit = i * view->width;
        codes[i - from] = load_u32(view->codes + bit / 8) >> (bit % 8) & mask;
    }
}

#if defined(__x86_64__)

/* By eights while their loads stay within the page. */
__attribute__((target("avx2"))) static void codes_avx2(const struct column_page_view *view, uint32_t from, uint32_t end,
                                                       uint32_t *codes)
{
    const struct column_lanes lanes = column_lanes_plan(view->width);
    const size_t body = column_body_bytes(view->width, view->count);
    const size_t reach = column_lanes_reach(view->width);
    size_t eights = body < reach ? 0 : (body - reach) / view->width + 1;
    eights = eights < end / LANES ? eights : end / LANES;
    const uint8_t *next = view->codes + (size_t)from / LANES * view->width;
    for (size_t i = from / LANES; i < eights; i++, next += view->width, codes += LANES) {
        _mm256_storeu_si256((__m256i *)(void *)codes, column_lanes_eight(&lanes, next));
        from += LANES;
    }
    codes_plain(view, from, end, codes);
}

#endif

void column_page_run_codes(const struct column_page_view *view, uint32_t first, uint32_t count, uint32_t *codes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        codes_avx2(view, first, first + count, codes);
        return;
    }
#endif
    codes_plain(view, first, first + count, codes);
}

void column_page_codes(const struct column_page_view *view, uint32_t *codes)
{
    column_page_run_codes(view, 0, view->count, codes);
}

static void pick_plain(const struct column_page_view *view, const uint16_t *positions, uint32_t count, uint32_t *codes)
{
    const uint8_t *const body = view->codes;
    const uint32_t mask = (uint32_t)view->mask;
    const uint32_t width = view->width;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = positions[i] * width;
        codes[i] = load_u32(body + bit / 8) >> (bit % 8) & mask;
    }
}

#if defined(__x86_64__)

/* Gathers what the plain loop loads, eight at a time, in a third of its time. */
__attribute__((target("avx2"))) static void pick_avx2(const struct column_page_view *view, const uint16_t *positions,
                                                      uint32_t count, uint32_t *codes)
{
    const __m256i width = _mm256_set1_epi32((int)view->width);
    const __m256i mask = _mm256_set1_epi32((int)(uint32_t)view->mask);
    const __m256i seven = _mm256_set1_epi32(7);
    const int *const body = (const int *)(const void *)view->codes;
    uint32_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        __m256i own = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(positions + i)));
        __m256i bit = _mm256_mullo_epi32(own, width);
        __m256i words = _mm256_i32gather_epi32(body, _mm256_srli_epi32(bit, 3), 1);
        words = _mm256_and_si256(_mm256_srlv_epi32(words, _mm256_and_si256(bit, seven)), mask);
        _mm256_storeu_si256((__m256i *)(void *)(codes + i), words);
    }
    pick_plain(view, positions + i, count - i, codes + i);
}

#endif

void column_page_pick_codes(const struct column_page_view *view, const uint16_t *positions, uint32_t count,
                            uint32_t *codes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        pick_avx2(view, positions, count, codes);
        return;
    }
#endif
    pick_plain(view, positions, count, codes);
}

uint64_t column_codes_within_plain(const uint32_t codes[64], uint32_t least, uint32_t span)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < 64; i++) {
        bits |= (uint64_t)(codes[i] - least <= span) << i;
    }
    return bits;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static uint64_t within_avx2(const uint32_t codes[64], uint32_t least, uint32_t span)
{
    const __m256i from = _mm256_set1_epi32((int)least);
    const __m256i spans = _mm256_set1_epi32((int)span);
    uint64_t bits = 0;
    for (uint32_t i = 0; i < 64; i += LANES) {
        __m256i own = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i));
        own = _mm256_sub_epi32(own, from);
        own = _mm256_cmpeq_epi32(_mm256_min_epu32(own, spans), own);
        bits |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(own)) << i;
    }
    return bits;
}

#endif

uint64_t column_codes_within(const uint32_t codes[64], uint32_t least, uint32_t span)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        return within_avx2(codes, least, span);
    }
#endif
    return column_codes_within_plain(codes, least, span);
}
