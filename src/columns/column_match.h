/*
 * column_match.h - packed codes against a range of codes: one function, with and without AVX2.
 *
 * Private to the module and its tests. Everything is checked by the caller; nothing is checked here. bits, of
 * COLUMN_PAGE_DOCUMENTS, are zeros before.
 * Thread rule: pure functions.
 */
#ifndef AISLE_COLUMNS_COLUMN_MATCH_H
#define AISLE_COLUMNS_COLUMN_MATCH_H

#include "columns/columns_format.h"

/* The codes least to least + span. */
struct column_codes {
    uint64_t least;
    uint64_t span;
};

/* The best that the machine has for the page's width. */
void column_match_codes(const struct column_header *header, struct column_codes range, uint64_t *bits);

/* Any width from 1. */
void column_match_plain(const struct column_header *header, struct column_codes range, uint64_t *bits);

#if defined(__x86_64__)
/* Widths from 1 to COLUMN_CODES_WIDTH_MAX. */
void column_match_avx2(const struct column_header *header, struct column_codes range, uint64_t *bits);
#endif

#endif
