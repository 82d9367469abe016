/*
 * groups.h - hits of one value of a field together: the variants of a product, the offers of a brand.
 *
 * Groups come in the order of their best hits, or of how many products they have. The first are found by asking for the
 * best hits that are in no group yet, again until there are enough, so that the searches stay pruned and no group can
 * hide the others behind it; then each group's best are asked for. A product without a value is a group of its own. How
 * many groups there are is the number of different values that the facet module counts, and so is, with ":count" behind
 * the field's name, their order: then each is asked for its best, and what has no value stands last.
 *
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_GROUPS_H
#define AISLE_INDEX_GROUPS_H

#include "index/page.h"

struct groups {
    bool is_wanted;
    uint8_t field;
    uint32_t size; /* hits of a group at most */
    bool by_count;
    struct pass_groups counted;  /* by_count: what the pass has found, which goes first */
    struct filter_source source; /* by_count: what values are read by */
};

/*
 * Reads what the query says of groups; unless it wants no totals, their number joins what pass counts.
 * AISLE_BAD_QUERY, AISLE_LIMIT, with error filled.
 */
must_check int groups_take(struct groups *groups, const aisle_query *query, const struct filter_source *source,
                           struct pass *pass, aisle_error *error);

/* A group found: its hits lie one behind the other. */
struct group {
    struct sort_value value; /* word: folded, in the arena */
    struct query_hit *hits;  /* in the arena */
    uint32_t hit_count;
    uint64_t products;       /* that match and are in it; 0 unless counted */
};

/*
 * Finds count groups behind the first offset ones; *found_count <= count. counts: how many products each has, too.
 * AISLE_BAD_QUERY (products have several values of the field), AISLE_LIMIT, AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int groups_run(const struct groups *groups, struct page *page, const struct pass *pass, uint32_t offset,
                          uint32_t count, bool counts, struct group **found, uint32_t *found_count,
                          aisle_error *error);

#endif
