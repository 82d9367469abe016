/*
 * browse.h - the best products by signals alone, when nothing was typed.
 *
 * Private to the module. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_BROWSE_H
#define AISLE_QUERY_BROWSE_H

#include "query/signals.h"
#include "query/topk.h"

/*
 * Offers the segment's living documents that may be among the best, those of the most promising pages first, so that
 * most pages are passed over by their bounds. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int browse_run(const struct query_context *context, uint32_t number, struct signals *signals,
                          struct topk *top);

#endif
