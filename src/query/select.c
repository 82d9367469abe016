/*
 * select.c - limits of codes, the plain kernels, and the choice between them and those of select_avx2.c.
 */
#include "query/select.h"

#include "base/bitset.h"

#include <string.h>

#define LENGTHS (RANK_LENGTH_MASK + 1)

void select_limits(const struct rank_table *table, int32_t least, uint8_t limits[SELECT_CLASSES])
{
    for (uint32_t class = 0; class < SELECT_CLASSES; class++) {
        const int32_t *bounds = table->bound + class * LENGTHS;
        uint32_t limit = 0;
        for (uint32_t step = LENGTHS / 2; step != 0; step /= 2) {
            limit += bounds[limit + step - 1] >= least ? step : 0;
        }
        limits[class] = (uint8_t)(limit + (bounds[limit] >= least ? 1 : 0));
    }
}

static void codes_plain(const uint8_t *codes, size_t count, const uint8_t limits[SELECT_CLASSES], uint64_t *bits)
{
    memset(bits, 0, bitset_words(count) * sizeof *bits);
    for (size_t i = 0; i < count; i++) {
        uint64_t wanted = (codes[i] & RANK_LENGTH_MASK) < limits[codes[i] >> RANK_CLASS_SHIFT];
        bits[i / 64] |= wanted << (i % 64);
    }
}

static uint64_t sums_plain(const int32_t sums[64], int32_t least)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i++) {
        bits |= (uint64_t)(sums[i] >= least) << i;
    }
    return bits;
}

const struct select_kernels select_plain = {codes_plain, sums_plain};

const struct select_kernels *select_kernels(void)
{
    const struct select_kernels *fast = select_avx2();
    return fast != NULL ? fast : &select_plain;
}
