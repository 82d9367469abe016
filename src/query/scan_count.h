/*
 * scan_count.h - how many products match a query made of plain words, without scores.
 *
 * Private to the module; lives in the query's arena. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_SCAN_COUNT_H
#define AISLE_QUERY_SCAN_COUNT_H

#include "query/scan.h"

/* Documents counted together: a set of them and another take 16 KiB. */
#define SCAN_COUNT_WINDOW 65536u
#define SCAN_COUNT_WORDS (SCAN_COUNT_WINDOW / 64u)

/* What counts of one query use in turn. */
struct scan_count_room {
    uint64_t bits[SCAN_COUNT_WORDS];  /* what matches so far in the window */
    uint64_t other[SCAN_COUNT_WORDS]; /* the list at hand there */
    uint32_t documents[SCAN_WINDOW];
    int32_t parts[SCAN_WINDOW]; /* of a group; they are worth nothing here */
    uint64_t found[SCAN_WINDOW / 64];
};

/*
 * Adds to *total how many documents a scan matches that was opened and not run, or, once those are enough, some of
 * them. What its lists' codes are worth does not matter. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int scan_count(struct scan *scan, struct scan_count_room *room, uint64_t enough, uint64_t *total);

#endif
