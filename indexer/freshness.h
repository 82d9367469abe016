/*
 * freshness.h - how long changes take to become visible.
 *
 * Changes are noted as they are applied and counted when the commit that holds them has returned. Those that tell the
 * same millisecond, one behind the other, are noted once with their number; when there is no room any more, further
 * ones count as if they had happened with the last that is noted. Thread rule: one thread.
 */
#ifndef AISLE_INDEXER_FRESHNESS_H
#define AISLE_INDEXER_FRESHNESS_H

#include "indexer/indexer.h"

#define FRESHNESS_ARRIVALS 256u
#define FRESHNESS_EVENTS 16384u

struct freshness {
    struct indexer_freshness late; /* since it was last asked for */
    struct {
        uint64_t ns;
        uint64_t count;
    } arrivals[FRESHNESS_ARRIVALS]; /* waiting for their commit */
    size_t arrival_count;
    struct {
        int64_t ms;
        uint64_t count;
    } events[FRESHNESS_EVENTS];
    size_t event_count;
};

/* A change that could be read since seen_ns (of the monotonic clock) and happened at time_ms (0: not told). */
void freshness_note(struct freshness *freshness, uint64_t seen_ns, int64_t time_ms);

/* What was noted has become visible: counts it in late and in whole. */
void freshness_commit(struct freshness *freshness, struct indexer_freshness *whole);

#endif
