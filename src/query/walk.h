/*
 * walk.h - everything that matches a query, window by window: what facets, sorting and bounded totals look at.
 *
 * A walk gives the living matches of CURSOR_WINDOW documents at a time as bits. Besides those of the whole query it
 * gives, for conditions that were lifted out of the filter (filter_lift), the matches that the query would have without
 * them: multi-select counts come from the same pass over the same lists. With F the rest of the filter and G1..Gn what
 * was lifted, a window's bits are Q and F and G1 and .. Gn, and those without Gi leave Gi alone out.
 *
 * Memory: the context's arena, given back after each segment. Thread rule: as the query.
 */
#ifndef AISLE_QUERY_WALK_H
#define AISLE_QUERY_WALK_H

#include "query/filter.h"
#include "query/query.h"

#define WALK_WINDOW 4096u
#define WALK_WORDS (WALK_WINDOW / 64u)

struct walk_window {
    uint32_t segment;
    uint32_t from;
    uint32_t documents;     /* of the segment that lie in the window */
    uint32_t count;         /* that match: bits set */
    const uint64_t *bits;   /* WALK_WORDS */
    const uint64_t *without; /* WALK_WORDS for each lifted filter, one behind the other: the matches without it */
};

struct walk_visitor {
    void *self;
    /* A segment comes; NULL: not told. */
    int (*enter)(void *self, uint32_t segment);
    /* Whether a window must be looked at, documents from `from` on; NULL: every one. False skips it unread. */
    bool (*wants)(void *self, uint32_t segment, uint32_t from);
    /* A window with matches, of the whole query or without something lifted. AISLE_END ends the walk, as done. */
    int (*visit)(void *self, const struct walk_window *window);
};

struct walk {
    const struct query_node *root;              /* bound */
    const struct filter_node *filter;           /* F; NULL: none */
    const struct filter_node *lifted[LIMIT_FACETS]; /* G1..Gn */
    uint32_t lifted_count;
};

/*
 * Walks over all segments. context->filter is not looked at. AISLE_CORRUPT, AISLE_NO_MEMORY, what a visitor returned;
 * 0 also when context->watch stopped it.
 */
must_check int query_walk(struct query_context *context, const struct walk *walk, const struct walk_visitor *visitor);

#endif
