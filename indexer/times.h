/*
 * times.h - moments as databases write them, and as products want them.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_INDEXER_TIMES_H
#define AISLE_INDEXER_TIMES_H

#include "base/bytes.h"

#define TIMES_BYTES 32u

/*
 * Milliseconds since 1970 UTC of "2026-11-23", or of a time behind it after a T or a blank: hh:mm:ss, a fraction of up
 * to nine digits, Z or +hh, +hh:mm, +hhmm or the same with a minus; without one of these it is UTC. Years 1 to 9999.
 */
bool times_read(struct bytes text, int64_t *ms);

/* "2026-11-23T10:00:00Z", with .fff unless zero; false outside the years 1 to 9999. */
bool times_print(int64_t ms, char out[TIMES_BYTES]);

/*
 * Milliseconds of a number whose unit is not known, by its size: days up to 10^6 (the year 4707), seconds up to 10^11,
 * milliseconds up to 10^14, microseconds up to 10^17, else nanoseconds.
 */
int64_t times_guess(int64_t number);

#endif
