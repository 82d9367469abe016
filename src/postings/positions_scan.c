/*
 * positions_scan.c - the plain kernels, eight bytes at a time, and the choice between them and positions_scan_avx2.c.
 *
 * Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#include "postings/positions_scan.h"

#include "base/bitset.h"

#include <stdatomic.h>

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define TO_HIGH_BYTE UINT64_C(0x0102040810204080) /* times a word of bits 0 of its bytes: those bits in its high byte */

/* The lowest bit of each byte that ends an entry. */
static uint64_t ends_of(uint64_t word)
{
    return word >> POSITIONS_LAST_BITS & ~(word >> POSITIONS_MORE_BITS) & EACH_BYTE;
}

const uint8_t *positions_scan_plain(const uint8_t *next, const uint8_t *end, uint32_t count)
{
    if (count == 0) {
        return next;
    }
    for (; (size_t)(end - next) >= sizeof(uint64_t); next += sizeof(uint64_t)) {
        uint64_t ends = ends_of(load_u64(next));
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

void positions_mark_plain(const uint8_t *data, size_t size, uint64_t *ends)
{
    memset(ends, 0, bitset_words(size) * sizeof *ends);
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
        ends[i / 64] |= (ends_of(load_u64(data + i)) * TO_HIGH_BYTE >> 56) << (i % 64);
    }
    for (; i < size; i++) {
        ends[i / 64] |= (uint64_t)positions_is_end(data[i]) << (i % 64);
    }
}

void positions_mark_ends(const uint8_t *data, size_t size, uint64_t *ends)
{
    static _Atomic(positions_mark *) chosen;
    positions_mark *mark = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (mark == NULL) {
        mark = positions_mark_avx2();
        mark = mark == NULL ? positions_mark_plain : mark; /* LCOV_EXCL_BR_LINE: depends on the machine */
        atomic_store_explicit(&chosen, mark, memory_order_relaxed);
    }
    mark(data, size, ends);
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
