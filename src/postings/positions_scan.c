/*
 * positions_scan.c - the plain kernel, eight bytes at a time, and the choice between it and positions_scan_avx2.c.
 *
 * Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#include "postings/positions_scan.h"

#include <stdatomic.h>

#define EACH_BYTE UINT64_C(0x0101010101010101)

const uint8_t *positions_scan_plain(const uint8_t *next, const uint8_t *end, uint32_t count)
{
    if (count == 0) {
        return next;
    }
    for (; (size_t)(end - next) >= sizeof(uint64_t); next += sizeof(uint64_t)) {
        uint64_t word = load_u64(next);
        uint64_t ends = word >> POSITIONS_LAST_BITS & ~(word >> POSITIONS_MORE_BITS) & EACH_BYTE;
        uint32_t found = (uint32_t)(ends * EACH_BYTE >> 56);
        if (found >= count) {
            for (; count > 1; count--) {
                ends &= ends - 1;
            }
            return next + __builtin_ctzll(ends) / 8 + 1;
        }
        count -= found;
    }
    for (; next != end; next++) {
        count -= positions_is_end(*next);
        if (count == 0) {
            return next + 1;
        }
    }
    return NULL;
}

const uint8_t *positions_skip(const uint8_t *next, const uint8_t *end, uint32_t count)
{
    static _Atomic(positions_scan *) chosen;
    positions_scan *scan = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (scan == NULL) {
        scan = positions_scan_avx2();
        scan = scan == NULL ? positions_scan_plain : scan; /* LCOV_EXCL_BR_LINE: depends on the machine */
        atomic_store_explicit(&chosen, scan, memory_order_relaxed);
    }
    return scan(next, end, count);
}
