/*
 * select.h - the two loops that pass over what cannot be among the best: codes of a block, sums of a window.
 *
 * A score rises with a code's class and falls with its length, so the codes worth at least so much are, for each class,
 * those of lengths below a limit: eight limits say it all, and 32 codes are compared with theirs at once. Each loop
 * exists in plain C and with AVX2; both give the same, which a test holds them to.
 *
 * Private to the module. Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#ifndef AISLE_QUERY_SELECT_H
#define AISLE_QUERY_SELECT_H

#include "rank/rank.h"

#define SELECT_CLASSES 8u

struct select_kernels {
    /* Sets bit i where the length of codes[i] is below its class's limit, clears it elsewhere: whole words of bits. */
    void (*codes)(const uint8_t *codes, size_t count, const uint8_t limits[SELECT_CLASSES], uint64_t *bits);

    /* Those of 64 sums that are at least least. */
    uint64_t (*sums)(const int32_t sums[64], int32_t least);
};

/* The limits of codes whose bound in table is at least least. */
void select_limits(const struct rank_table *table, int32_t least, uint8_t limits[SELECT_CLASSES]);

extern const struct select_kernels select_plain;

/* NULL where the machine, or the build, has no AVX2. */
const struct select_kernels *select_avx2(void);

/* The best there is. */
const struct select_kernels *select_kernels(void);

#endif
