/*
 * after.h - the place in an answer that a page begins behind: the last hit of the page before, as it was then.
 *
 * A place is what the hit was ordered by (its score, or the values that are sorted by), then its document order key and
 * the hash of its id, which tell equal ones apart for good. Hits up to and with it are passed over, wherever segments
 * have moved them since, so that a page costs what the first one costs, however far behind it is. A product whose own
 * score or values have changed since may be met twice or not at all; no other can.
 *
 * Thread rule: made by the query's thread; read by all that work on it.
 */
#ifndef AISLE_QUERY_AFTER_H
#define AISLE_QUERY_AFTER_H

#include "query/query.h"

struct query_after {
    int32_t score; /* of answers by score */
    uint64_t order;
    uint64_t id_hash;
    uint32_t *first; /* by segment: the first document whose key and hash are behind; in the arena */
};

/* Finds where in each segment the place is. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int query_after_init(struct query_after *after, const struct query_context *context);

/* Whether a hit of an answer by score is not behind the place. */
static inline bool query_after_passes(const struct query_after *after, const struct query_hit *hit)
{
    return hit->score != after->score ? hit->score > after->score : hit->document < after->first[hit->segment];
}

/* Reads the document order key and the hash of the id of a hit, unless they are known. AISLE_CORRUPT. */
must_check int query_hit_place(const struct query_context *context, struct query_hit *hit);

/* Negative when a stands before b in the document order; *status is set when that cannot be read, otherwise left. */
int query_compare_places(const struct query_context *context, struct query_hit *a, struct query_hit *b, int *status);

#endif
