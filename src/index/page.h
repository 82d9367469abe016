/*
 * page.h - which hits a search wants: sorted how, behind which place, and the cursor of the page that follows.
 *
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_PAGE_H
#define AISLE_INDEX_PAGE_H

#include "index/page_token.h"
#include "index/pass.h"
#include "index/runs.h"

struct page {
    struct sort_order sort; /* no parts: by score */
    uint64_t asked;         /* a hash of what decides which products match and their order */
    bool is_behind;         /* place */
    struct page_place place;
    struct query_after after;
    struct sort_after sort_after;
    struct runs runs;       /* of a search by score, before the last one */
};

/*
 * Reads the query's sort order and its cursor. AISLE_BAD_QUERY, AISLE_LIMIT, AISLE_NO_MEMORY, with error filled.
 */
must_check int page_take(struct page *page, const aisle_query *query, const struct filter_source *source,
                         aisle_error *error);

/*
 * Finds the first count hits; of a sorted page in the same walk as pass, when that is needed, and then the total and
 * the facets are in result. context is bound. Errors as pass_run.
 */
must_check int page_run(struct page *page, const struct pass *pass, uint32_t count, struct aisle_result *result,
                        struct query_hit **hits, uint32_t *hit_count, aisle_error *error);

/*
 * Finds the first count hits that filter keeps, in the same order, and nothing else. pass is what page_run was given or
 * would be; places are not heeded. Errors as page_run.
 */
must_check int page_best(struct page *page, const struct pass *pass, struct filter_node *filter, uint32_t count,
                         struct query_hit **hits, uint32_t *hit_count, aisle_error *error);

/*
 * Writes the cursor of what comes behind last to result; before tells what stands before that. last: the last hit that
 * no rule has put where it is; NULL: there is none on this page. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int page_put_cursor(const struct page *page, const struct query_context *context, int64_t now_ms,
                               const struct page_before *before, struct query_hit *last, struct aisle_result *result);

#endif
