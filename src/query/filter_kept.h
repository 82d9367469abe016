/*
 * filter_kept.h - the windows of a query's filter that a pass has made, kept for the passes behind it: without words,
 * whoever looks for the best and whoever counts ask for the same ones.
 *
 * Of the query's first filter only, in the memory of what passes keep (query_keep). Thread rule: queries of one thread.
 */
#ifndef AISLE_QUERY_FILTER_KEPT_H
#define AISLE_QUERY_FILTER_KEPT_H

#include "query/filter.h"
#include "query/query.h"

/* Those of one segment. */
struct filter_kept_windows {
    bool *known;    /* by window */
    uint64_t *bits; /* FILTER_WINDOW of each */
};

struct filter_kept {
    const struct filter_node *filter; /* borrowed */
    struct filter_kept_windows *segments;
};

/* The segment's windows of context->filter, or NULL: none are kept. */
struct filter_kept_windows *filter_kept_find(const struct query_context *context, uint32_t segment);

#endif
