/*
 * runs.h - a search that is run again because it found little: what an earlier run found stands before what only a
 * later one does, whatever their scores.
 *
 * The first run looks for what was typed, the next also for corrections, then words are left out (rewrite/rewrite.h).
 * Only a run that found few is followed by another, so that what earlier runs found is a short list, kept here with the
 * scores of the run that found it; the last run is pruned as ever, and a hit of its best that stands on the list is
 * passed over. Best k behind n on the list: the best k + n of the last run hold them.
 *
 * A hit's run is its number among those that found something; products that equal in it are ordered by score.
 * Thread rule: as the search.
 */
#ifndef AISLE_INDEX_RUNS_H
#define AISLE_INDEX_RUNS_H

#include "query/sort.h"

/* As typed, corrected twice, nine times relaxed and any word: no search is run more often. */
#define RUNS_MAX 16u

struct runs {
    struct query_node *roots[RUNS_MAX]; /* what earlier runs looked for */
    uint32_t count;                     /* of them; the number of the last run */
    struct query_hit *hits;             /* what they found: by run, then by score; in the arena */
    uint32_t hit_count;
    uint64_t *known;                    /* the hits' documents, ascending; in the arena */
    uint32_t bound;                     /* the run whose prices leaves have */
};

/*
 * Keeps what the run of root found, total in all, since another follows. hits, best first, are taken where they are all
 * of them, otherwise they are asked for again. context has the filter that the run had. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int runs_keep(struct runs *runs, struct query_context *context, struct query_node *root,
                         const struct query_hit *hits, uint32_t hit_count, uint64_t total);

/*
 * The first count hits of all runs, from what the last run found best: count of them and as many as earlier runs found,
 * or all there are. after, unless NULL, is the place they are behind, in run after_run; the last run's hits are behind
 * it already. *hits is in the arena. AISLE_NO_MEMORY.
 */
must_check int runs_join(const struct runs *runs, struct query_context *context, const struct query_after *after,
                         uint32_t after_run, uint32_t count, struct query_hit **hits, uint32_t *hit_count);

/*
 * The first count hits of all runs that context->filter keeps; root is what the last run looks for, and bound again
 * behind it. Errors as query_top.
 */
must_check int runs_top(struct runs *runs, struct query_context *context, struct query_node *root, uint32_t count,
                        struct query_hit **hits, uint32_t *hit_count);

/* What the run looked for, bound as it was then; last is that of the last run. AISLE_CORRUPT, AISLE_NO_MEMORY. */
must_check int runs_bind(struct runs *runs, struct query_context *context, uint32_t run, struct query_node *last,
                         struct query_node **root);

#endif
