/*
 * signals_kept.h - what queries keep with a segment of its signals: bounds of groups of 64 documents.
 *
 * The bound of a page by its header adds up the largest value of each column, which no one document has. So when a page
 * has been looked into, the largest sums of its groups are kept for all queries to come: two bytes for 64 documents.
 * They are those of the segment as it was written, by the rules and at the time of the query that began them; they hold
 * for later times (dates only grow older), the same weights, and pages that no patch has changed.
 *
 * Thread rule: any number of threads read and fill; what they fill is the same.
 */
#ifndef AISLE_QUERY_SIGNALS_KEPT_H
#define AISLE_QUERY_SIGNALS_KEPT_H

#include "columns/columns.h"
#include "rank/signal.h"
#include "segment/segment.h"

#define SIGNALS_GROUP 64u
#define SIGNALS_PAGE_GROUPS (COLUMN_PAGE_DOCUMENTS / SIGNALS_GROUP)

struct signals_kept {
    struct signal_rules rules;
    uint32_t pages;
    int32_t unit;             /* of groups */
    _Atomic uint8_t *is_full; /* by page: whether its groups are known; behind the struct, as the groups are */
    _Atomic uint16_t *groups; /* ceil(largest sum / unit), SIGNALS_PAGE_GROUPS for each page */
};

/* What is kept with the segment, begun now if nothing is; NULL when it is of no use for these rules, or no memory. */
struct signals_kept *signals_kept_of(const struct segment *segment, const struct signal_rules *rules);

/* Keeps the parts of a page's documents; those behind the last are 0. */
void signals_kept_fill(struct signals_kept *kept, uint32_t page, const int32_t parts[COLUMN_PAGE_DOCUMENTS]);

static inline bool signals_kept_has(const struct signals_kept *kept, uint32_t page)
{
    return kept != NULL && atomic_load_explicit(&kept->is_full[page], memory_order_acquire) != 0;
}

/* No document of the group gets more; its page is full. */
static inline int32_t signals_kept_bound(const struct signals_kept *kept, uint32_t group)
{
    return kept->unit * atomic_load_explicit(&kept->groups[group], memory_order_relaxed);
}

#endif
