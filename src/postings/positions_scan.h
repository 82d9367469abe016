/*
 * positions_scan.h - passing over entries of positions without reading them.
 *
 * Private to the module. Each kernel exists twice, in plain C and with AVX2; both give the same output for the same
 * input, which a test holds them to.
 * Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#ifndef AISLE_POSTINGS_POSITIONS_SCAN_H
#define AISLE_POSTINGS_POSITIONS_SCAN_H

#include "postings/positions_format.h"

/* Where the count-th (from 1) entry from next on ends; NULL when fewer end before end. count 0 gives next. */
typedef const uint8_t *positions_scan(const uint8_t *next, const uint8_t *end, uint32_t count);

positions_scan positions_scan_plain;

/* NULL where the machine, or the build, has no AVX2. */
positions_scan *positions_scan_avx2(void);

/*
 * Sets in ends, which holds bitset_words(size) words, the bit of each byte that ends an entry, and clears the others.
 */
typedef void positions_mark(const uint8_t *data, size_t size, uint64_t *ends);

positions_mark positions_mark_plain;

/* NULL where the machine, or the build, has no AVX2. */
positions_mark *positions_mark_avx2(void);

/* The best there is. */
void positions_mark_ends(const uint8_t *data, size_t size, uint64_t *ends);
const uint8_t *positions_skip(const uint8_t *next, const uint8_t *end, uint32_t count);

/* Where the entry at next ends; NULL when it does not before end. For entries, which are mostly of a few bytes. */
static inline const uint8_t *positions_entry_end(const uint8_t *next, const uint8_t *end)
{
    while (next != end && !positions_is_end(*next)) {
        next++;
    }
    return next == end ? NULL : next + 1;
}

#endif
