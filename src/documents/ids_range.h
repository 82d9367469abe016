/*
 * ids_range.h - between which ids those of a segment lie, so that a batch of others need not be looked for there.
 *
 * Products mostly come in the order of their ids, from a database or a generator, and the segments of a load then have
 * ranges of their own. Ids compare by length first, so that numbers without leading zeros ascend, too, then by their
 * first IDS_RANGE_BYTES: longer ones that are alike so far count as equal, which makes a range wider, never narrower.
 *
 * Thread rule: pure functions.
 */
#ifndef AISLE_DOCUMENTS_IDS_RANGE_H
#define AISLE_DOCUMENTS_IDS_RANGE_H

#include "base/bytes.h"

#define IDS_RANGE_BYTES 32u

struct ids_end {
    uint32_t size;
    uint8_t head[IDS_RANGE_BYTES]; /* zeros behind a shorter id */
};

/* All zeros: nothing is known, any id may be there. */
struct ids_range {
    bool known;
    bool any; /* the ends are set */
    struct ids_end least;
    struct ids_end most;
};

/* A range without ids. */
void ids_range_begin(struct ids_range *range);

/* Makes the range hold one more id, or all that another holds. */
void ids_range_add(struct ids_range *range, struct bytes id);
void ids_range_join(struct ids_range *range, const struct ids_range *other);

/* Whether the id may be there; whether any id may be in both. */
bool ids_range_has(const struct ids_range *range, struct bytes id);
bool ids_range_meets(const struct ids_range *a, const struct ids_range *b);

#endif
