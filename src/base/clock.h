/*
 * clock.h - time from the operating system.
 */
#ifndef AISLE_BASE_CLOCK_H
#define AISLE_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds and nanoseconds since an arbitrary moment, never going back. */
uint64_t clock_monotonic_us(void);
uint64_t clock_monotonic_ns(void);

/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* Likewise, as of the last tick of the system, some milliseconds ago at most: an eighth of the cost. */
int64_t clock_wall_coarse_ms(void);

#endif
