/*
 * pass.h - one pass over all matches of a search: facets, bounded totals, whatever must see every one.
 *
 * Owns how the filter is taken apart for multi-select facets, and how facets' answers get into a result. The matches
 * come from query/walk.h, counting is the facet module's.
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_PASS_H
#define AISLE_INDEX_PASS_H

#include "facet/facet.h"
#include "index/result.h"

/* The values of the field that groups, as the facet shows them, those of most products first. In the arena. */
struct pass_groups {
    struct bytes *values;
    uint64_t *products;
    uint32_t count;
    uint64_t distinct; /* all there are */
};

struct pass {
    struct query_context *context;
    struct query_node *root;       /* bound */
    struct filter_node *filter;    /* NULL: none */
    struct facet_request *facets;  /* in the arena */
    uint32_t facet_count;
    bool counts_groups; /* the last facet is not shown, but counts groups by its values and what has none */
    struct pass_groups *groups; /* borrowed, gets what that facet found; NULL: its values are not wanted */
    uint64_t total_bound; /* 0: count to the end */
};

/* Parses the query's facets into pass. AISLE_BAD_QUERY, AISLE_LIMIT, AISLE_NO_MEMORY, with error filled. */
must_check int pass_take_facets(struct pass *pass, const aisle_query *query, const struct filter_source *source,
                                aisle_error *error);

/* Whether the total can be had from a pass only. */
static inline bool pass_is_needed(const struct pass *pass)
{
    return pass->facet_count != 0 || pass->total_bound != 0;
}

struct sorter;

/*
 * Counts facets and total into result; sorter (query/sort.h), unless NULL, sees the matches, too. An error that the
 * user can cause fills error; others leave it. AISLE_LIMIT, AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int pass_run(const struct pass *pass, struct sorter *sorter, struct aisle_result *result,
                        aisle_error *error);

#endif
