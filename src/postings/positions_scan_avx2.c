/*
 * positions_scan_avx2.c - the kernels of positions_scan.h with AVX2, 32 bytes at a time, where the processor has it.
 *
 * The reference for what they must do are the plain twins in positions_scan.c, which also take the last bytes.
 */
#include "postings/positions_scan.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define STEP_BYTES 32
#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2,popcnt")))

/* A bit for each of the next bytes: whether an entry ends there. */
AVX2_INLINE uint32_t ends_at(const uint8_t *next)
{
    const __m256i mask = _mm256_set1_epi8((char)POSITIONS_END_MASK);
    const __m256i wanted = _mm256_set1_epi8((char)POSITIONS_ENTRY_END);
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)next);
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, mask), wanted));
}

AVX2 static const uint8_t *scan(const uint8_t *next, const uint8_t *end, uint32_t count)
{
    if (count == 0) {
        return next;
    }
    for (; end - next >= STEP_BYTES; next += STEP_BYTES) {
        uint32_t ends = ends_at(next);
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

AVX2 static void mark(const uint8_t *data, size_t size, uint64_t *ends)
{
    size_t whole = size / 64 * 64;
    for (size_t i = 0; i < whole; i += 64) {
        ends[i / 64] = ends_at(data + i) | (uint64_t)ends_at(data + i + STEP_BYTES) << 32;
    }
    if (whole != size) {
        positions_mark_plain(data + whole, size - whole, ends + whole / 64);
    }
}

static bool can_use(void)
{
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0; /* LCOV_EXCL_BR_LINE */
}

positions_scan *positions_scan_avx2(void)
{
    return can_use() ? scan : NULL; /* LCOV_EXCL_BR_LINE: both depend on the machine */
}

positions_mark *positions_mark_avx2(void)
{
    return can_use() ? mark : NULL; /* LCOV_EXCL_BR_LINE: likewise */
}

#else

positions_scan *positions_scan_avx2(void)
{
    return NULL;
}

positions_mark *positions_mark_avx2(void)
{
    return NULL;
}

#endif
