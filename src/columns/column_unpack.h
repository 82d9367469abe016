/*
 * column_unpack.h - codes of a page to values, all at once: one function, with and without AVX2.
 *
 * Private to the module. Widths, counts and sizes are checked by the caller; nothing is checked here.
 * Thread rule: pure functions.
 */
#ifndef AISLE_COLUMNS_COLUMN_UNPACK_H
#define AISLE_COLUMNS_COLUMN_UNPACK_H

#include "columns/columns_format.h"

/* All values of a FRAME or DECIMAL page; uses AVX2 where the machine has it. */
void column_unpack(const struct column_header *header, int64_t *values);

/* The plain twin, which tests compare with. */
void column_unpack_plain(const struct column_header *header, int64_t *values);

#endif
