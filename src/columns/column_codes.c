/*
 * column_codes.c - codes of a page as they stand, in 32 bits each: all of them, or picked ones.
 *
 * Half the bytes of unpacked values, and no arithmetic for each: who counts or compares does it in the units of codes.
 * Thread rule: pure functions.
 */
#include "columns/column_lanes.h"

#define LANES 8u

static void codes_plain(const struct column_page_view *view, uint32_t from, uint32_t *codes)
{
    const uint32_t mask = (uint32_t)view->mask;
    for (uint32_t i = from; i < view->count; i++) {
        uint32_t bit = i * view->width;
        codes[i] = load_u32(view->codes + bit / 8) >> (bit % 8) & mask;
    }
}

#if defined(__x86_64__)

/* By eights while their loads stay within the page. */
__attribute__((target("avx2"))) static void codes_avx2(const struct column_page_view *view, uint32_t *codes)
{
    const struct column_lanes lanes = column_lanes_plan(view->width);
    const size_t body = column_body_bytes(view->width, view->count);
    const size_t reach = column_lanes_reach(view->width);
    size_t eights = body < reach ? 0 : (body - reach) / view->width + 1;
    eights = eights < view->count / LANES ? eights : view->count / LANES;
    const uint8_t *next = view->codes;
    for (size_t i = 0; i < eights; i++, next += view->width) {
        _mm256_storeu_si256((__m256i *)(void *)(codes + i * LANES), column_lanes_eight(&lanes, next));
    }
    codes_plain(view, (uint32_t)eights * LANES, codes);
}

#endif

void column_page_codes(const struct column_page_view *view, uint32_t *codes)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        codes_avx2(view, codes);
        return;
    }
#endif
    codes_plain(view, 0, codes);
}

void column_page_pick_codes(const struct column_page_view *view, const uint16_t *positions, uint32_t count,
                            uint32_t *codes)
{
    const uint8_t *const body = view->codes;
    const uint32_t mask = (uint32_t)view->mask;
    const uint32_t width = view->width;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = positions[i] * width;
        codes[i] = load_u32(body + bit / 8) >> (bit % 8) & mask;
    }
}
