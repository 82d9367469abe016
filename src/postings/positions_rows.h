/*
 * positions_rows.h - the loops over rows of places: from entries, and of neighbours.
 *
 * Private to the module. Each kernel exists twice, in plain C and with AVX2 (whose shuffles and comparisons of strings
 * it is about); both give the same output for the same input, which a test holds them to.
 * Thread rule: pure functions; the choice is made once and is safe from any thread.
 */
#ifndef AISLE_POSTINGS_POSITIONS_ROWS_H
#define AISLE_POSTINGS_POSITIONS_ROWS_H

#include "postings/positions_format.h"

struct positions_rows_kernels {
    /* The rows of count entries, of each of which POSITIONS_ROW bytes can be read; in one of them it ends, or not. */
    void (*decode)(const uint8_t *const *entries, size_t count, struct positions_row *rows);

    /* As positions_rows_follow. */
    void (*follow)(struct positions_row *places, const struct positions_row *next, size_t count, uint16_t step);
};

extern const struct positions_rows_kernels positions_rows_plain;

/* NULL where the machine, or the build, has no AVX2. */
const struct positions_rows_kernels *positions_rows_avx2(void);

/* The best there is. */
const struct positions_rows_kernels *positions_rows_kernels(void);

#endif
