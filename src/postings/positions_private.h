/*
 * positions_private.h - what the files of positions share.
 *
 * Thread rule: as positions.h.
 */
#ifndef AISLE_POSTINGS_POSITIONS_PRIVATE_H
#define AISLE_POSTINGS_POSITIONS_PRIVATE_H

#include "postings/positions_scan.h"

/* Reads the entry at *next and moves behind it. 0, or AISLE_CORRUPT with *next somewhere inside. */
must_check int positions_entry_check(const uint8_t **next, const uint8_t *end);

/*
 * Opens the block: stored, entries and whether one stands for all are known then, and the cursor is on the first.
 * AISLE_CORRUPT, AISLE_NO_MEMORY, with no block open.
 */
must_check int positions_cursor_open_block(struct positions_cursor *cursor, uint32_t block);

#endif
