/*
 * curate.h - the shop's rules applied to one search: which hold, and what they make of its text, filter, scores, page.
 *
 * Pinned products match whatever the text is, but they are no part of the ranking: what is ranked, the rest, leaves
 * them out, and each page puts them back where their positions say. So cursors are places in the rest, with the number
 * of hits and pins before them; totals and facets count a tree of its own, with the pins beside the words.
 *
 *   filter of the rest   request AND rules' conditions AND NOT (hidden or pinned)
 *   filter of passes     request AND NOT hidden, and what pinned products need not be: rules' conditions, and those
 *                        that were understood from the text; each of these OR pinned
 *
 * Thread rule: as the search; everything lives in its arena, and as long as the rules that were taken for it.
 */
#ifndef AISLE_INDEX_CURATE_H
#define AISLE_INDEX_CURATE_H

#include "index/look.h"
#include "index/page.h"
#include "index/result.h"
#include "query/boosts.h"

/* A product with its place among the hits. */
struct curate_pin {
    struct query_hit hit;
    uint32_t position; /* from 0 */
    const struct curation_rule *rule; /* NULL: its id was typed */
};

struct curate {
    struct curation_hit rules[LIMIT_RULES_APPLIED];
    uint32_t rule_count;
    struct curate_pin *pins; /* by position */
    uint32_t pin_count;
    struct filter_node *request; /* the request's filter; NULL: none */
    struct filter_node *pinned;  /* the pins; NULL: none */
    struct filter_node *hidden;  /* NULL: none */
    struct filter_node *rest;    /* the filter of the rest; NULL: none */
    struct filter_node **conditions; /* rules' filters */
    uint32_t condition_count;
};

/*
 * Finds the rules that hold and what is searched for in place of text. ask.text is the query's. AISLE_NO_MEMORY.
 */
must_check int curate_find(struct curate *curate, const struct curation *curation, const struct curation_ask *ask,
                           struct bytes *text);

/*
 * Finds the products of the rules, appends their boosts to list, which has room for LIMIT_RULE_BOOSTS, and makes
 * curate->rest of the request's filter. id, unless empty, may be that of a product, which is then pinned before all
 * others. context holds the segments of look. AISLE_CORRUPT, AISLE_NO_MEMORY.
 */
must_check int curate_apply(struct curate *curate, const struct look *look, const struct query_context *context,
                            struct filter_node *request, struct bytes id, struct boost_list *list);

/*
 * Makes pass one over all matches, pins included, of which there are some: pass->root and pass->filter are those of
 * the rest, bound, and become those of the pass. AISLE_NO_MEMORY.
 */
must_check int curate_pass(const struct curate *curate, struct pass *pass);

/*
 * Puts the pins among the hits of the rest, rest_count of them, of which the first stands behind before->hits hits,
 * before->pins of them pinned. *hits, in the arena: at most wanted. *before becomes what stands before the page behind;
 * *last is the last hit of the rest among *hits, NULL: none. AISLE_NO_MEMORY.
 */
must_check int curate_place(const struct curate *curate, struct arena *arena, const struct query_hit *rest,
                            uint32_t rest_count, uint32_t wanted, struct page_before *before, struct query_hit **hits,
                            uint32_t *count, struct query_hit **last);

/* Appends a JSON object that tells where a pinned hit stands and which rule says so. */
void curate_explain(const struct curate *curate, const struct query_hit *hit, struct buf *out);

/* Tells which rules hold. AISLE_NO_MEMORY, AISLE_LIMIT. */
must_check int curate_report(const struct curate *curate, struct aisle_result *result);

#endif
