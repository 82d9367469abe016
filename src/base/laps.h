/*
 * laps.h - what the parts of an operation took, by a clock that is read once between two of them.
 *
 * So the parts add up to the whole, and nothing that is done between the first and the last lap is left untold.
 * Thread rule: one thread at a time.
 */
#ifndef AISLE_BASE_LAPS_H
#define AISLE_BASE_LAPS_H

#include "base/clock.h"

struct laps {
    uint64_t *ns;  /* borrowed: sums of each part, which laps are added to */
    uint64_t from; /* where the lap that is being run began, of the monotonic clock */
};

static inline struct laps laps_begin(uint64_t *ns)
{
    return (struct laps){.ns = ns, .from = clock_monotonic_ns()};
}

/* What was done since the last lap was the part of this number; what follows is another. */
static inline void laps_end(struct laps *laps, unsigned part)
{
    uint64_t now = clock_monotonic_ns();
    laps->ns[part] += now - laps->from;
    laps->from = now;
}

#endif
