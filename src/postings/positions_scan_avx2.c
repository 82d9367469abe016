/*
 * positions_scan_avx2.c - the kernel of positions_scan.h with AVX2, 32 bytes at a time, where the processor has it.
 *
 * The reference for what it must do is the plain twin in positions_scan.c, which also takes the last bytes.
 */
#include "postings/positions_scan.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define STEP_BYTES 32

__attribute__((target("avx2,popcnt"))) static const uint8_t *scan(const uint8_t *next, const uint8_t *end,
                                                                  uint32_t count)
{
    const __m256i mask = _mm256_set1_epi8((char)POSITIONS_END_MASK);
    const __m256i wanted = _mm256_set1_epi8((char)POSITIONS_ENTRY_END);
    if (count == 0) {
        return next;
    }
    for (; end - next >= STEP_BYTES; next += STEP_BYTES) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)next);
        uint32_t ends = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, mask), wanted));
        uint32_t found = (uint32_t)_mm_popcnt_u32(ends);
        if (found >= count) {
            for (; count > 1; count--) {
                ends &= ends - 1;
            }
            return next + __builtin_ctz(ends) + 1;
        }
        count -= found;
    }
    return positions_scan_plain(next, end, count);
}

positions_scan *positions_scan_avx2(void)
{
    bool can = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0; /* LCOV_EXCL_BR_LINE */
    return can ? scan : NULL; /* LCOV_EXCL_BR_LINE: both depend on the machine */
}

#else

positions_scan *positions_scan_avx2(void)
{
    return NULL;
}

#endif
